/** A token bucket: allows `perSecond` on average, and `burst` at once. */
export class TokenBucket {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #readAt: number

  /** @param now in milliseconds, of the same clock as in every later call */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
    this.#readAt = now
  }

  /** Number of tokens available at the last {@link TokenBucket.waitMs}. */
  get available(): number {
    return Math.floor(this.#tokens)
  }

  /**
   * Returns the time until `count` tokens are available, in milliseconds; for a count above the
   * burst, until the bucket is full.
   */
  waitMs(now: number, count = 1): number {
    const gained = ((now - this.#readAt) / 1_000) * this.#perSecond
    this.#tokens = Math.min(this.#tokens + gained, this.#burst)
    this.#readAt = now
    const missing = Math.min(count, this.#burst) - this.#tokens
    // Rounded up, so that the wait is never too short to gain a token.
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perSecond) * 1_000)
  }

  /** Takes tokens; the balance may become negative. */
  take(count: number): void {
    this.#tokens -= count
  }
}
