/** Limits how many requests run at once; further ones wait in order. */
export class RequestSlots {
  readonly #most: number
  #running = 0
  readonly #waiting = new Set<() => void>()

  constructor(most: number) {
    this.#most = most
  }

  /** Number of requests that wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Resolves once the caller may run; `undefined` if at once. The caller then calls {@link leave}. */
  enter(): Promise<void> | undefined {
    if (this.#running < this.#most) {
      this.#running += 1
      return undefined
    }
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  /** Passes the place of a request on to the next one. */
  leave(): void {
    const [next] = this.#waiting
    if (!next) this.#running -= 1
    else {
      this.#waiting.delete(next)
      next()
    }
  }
}
