/** Counts what happens to a server from its start. */
export class Counters {
  /** Connections that were opened. */
  opens = 0
  /** Connections that ended. */
  closes = 0
  /** How long those that ended lasted, all together, in milliseconds. */
  lastedMs = 0
  /** Messages that came. */
  received = 0
  /** Texts that were sent. */
  sent = 0
  readonly #refusals = new Map<string, number>()

  /** Refusals by their codes. */
  get refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals)
  }

  /** Counts a refusal. */
  refused(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1)
  }
}
