/** Allows `perSecond` of something on average, and `burst` at once. */
export class TokenBucket {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #at: number

  /** @param now in milliseconds, as in every later call */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#at = now
  }

  /** How many may be taken now, at the reading of the last {@link TokenBucket.waitMs}. */
  get available(): number {
    return Math.floor(this.#tokens)
  }

  /**
   * How long it takes until so many may be taken, in milliseconds; of more than the burst, until all
   * of that may.
   */
  waitMs(now: number, count = 1): number {
    const gained = ((now - this.#at) / 1_000) * this.#perSecond
    this.#tokens = Math.min(this.#tokens + gained, this.#burst)
    this.#at = now
    const missing = Math.min(count, this.#burst) - this.#tokens
    // Rounded up, and so never a wait too short to gain anything.
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perSecond) * 1_000)
  }

  /** Takes some; what is not there is owed. */
  take(count: number): void {
    this.#tokens -= count
  }
}
