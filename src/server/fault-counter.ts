/** How long a fault counts. */
const WINDOW_MS = 60_000
/** How many faults within the window are too many. */
const TOO_MANY = 3

/** Counts the malformed frames of one connection. */
export class FaultCounter {
  #times: number[] = []

  /**
   * Counts one more.
   *
   * @param now monotonic milliseconds
   * @returns whether it is one too many
   */
  add(now: number): boolean {
    this.#times = [...this.#times.filter((time) => now - time < WINDOW_MS), now]
    return this.#times.length >= TOO_MANY
  }
}
