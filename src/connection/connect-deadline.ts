/** The longest that a connect deadline grows to, in milliseconds. */
const LONGEST_MS = 80_000

/**
 * How long the next attempt to connect may take, from the dial to the welcome.
 *
 * Each attempt that times out doubles it, up to 80 s: a server that needs longer than the deadline to
 * welcome everyone who dials would otherwise spend all its work on sockets that were given up
 * meanwhile. A welcome brings the first deadline back. Where attempts are limited it does not grow,
 * since those clients stop dialling by themselves, and the application waits for that.
 */
export class ConnectDeadline {
  readonly #firstMs: number
  readonly #longestMs: number
  #timeouts = 0

  constructor(firstMs: number, maxAttempts: number) {
    this.#firstMs = firstMs
    this.#longestMs = Math.max(firstMs, maxAttempts < Number.POSITIVE_INFINITY ? 0 : LONGEST_MS)
  }

  /** In milliseconds. */
  get ms(): number {
    return Math.min(this.#firstMs * 2 ** this.#timeouts, this.#longestMs)
  }

  /** An attempt took longer. */
  missed(): void {
    this.#timeouts++
  }

  /**
   * The next attempt has the first deadline again.
   *
   * @returns whether it had grown
   */
  reset(): boolean {
    const grown = this.#timeouts > 0
    this.#timeouts = 0
    return grown
  }
}
