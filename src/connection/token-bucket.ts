/** Allows `perSecond` of something on average, and two seconds' worth at once. */
export class TokenBucket {
  readonly #perSecond: number
  #tokens: number
  #at: number

  /** @param now in milliseconds, as in every later call */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#tokens = 2 * perSecond
    this.#at = now
  }

  /** How many may be taken now, at the reading of the last {@link TokenBucket.waitMs}. */
  get available(): number {
    return Math.floor(this.#tokens)
  }

  /** How long it takes until one may be taken, in milliseconds. */
  waitMs(now: number): number {
    const gained = ((now - this.#at) / 1_000) * this.#perSecond
    this.#tokens = Math.min(this.#tokens + gained, 2 * this.#perSecond)
    this.#at = now
    // Rounded up, and so never a wait too short to gain anything.
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1_000)
  }

  /** Takes some; what is not there is owed. */
  take(count: number): void {
    this.#tokens -= count
  }
}
