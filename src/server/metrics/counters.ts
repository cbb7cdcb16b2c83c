/** Event counters of a server since its start. */
export class Counters {
  /** Connections opened. */
  opens = 0
  /** Connections closed. */
  closes = 0
  /** Total lifetime of closed connections, in milliseconds. */
  lastedMs = 0
  /** Messages received. */
  received = 0
  /** Messages sent. */
  sent = 0
  /** Connections closed because they read too slowly. */
  slowCloses = 0
  /** Events and requests of a type that the contract does not have. */
  unlistedTypes = 0
  /** Connections of clients with another contract. */
  contractDifferences = 0
  readonly #refusals = new Map<string, number>()

  /** Refusals by error code. */
  get refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals)
  }

  /** Counts a refusal. */
  refused(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1)
  }
}
