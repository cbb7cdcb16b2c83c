/** How long a fault counts. */
const WINDOW_MS = 60_000

/** Counts what a connection does wrong. */
export class FaultCounter {
  readonly #most: number
  #times: number[] = []

  /** @param most with so many within a minute it is one too many */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Counts one more.
   *
   * @param now monotonic milliseconds
   * @returns whether it is one too many
   */
  add(now: number): boolean {
    this.#times = [...this.#times.filter((time) => now - time < WINDOW_MS), now]
    return this.#times.length >= this.#most
  }
}
