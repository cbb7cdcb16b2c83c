import type { Cancel, Clock } from '../../base/clock.ts'

/** The deadlines of running hooks and handlers; they end with the server. */
export class Deadlines {
  readonly #clock: Clock
  readonly #running = new Map<(closed: boolean) => void, Cancel>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Calls a function once a time is over, or the server closes.
   *
   * @param passed receives whether the server closed
   * @returns a function that ends the deadline; safe to call twice
   */
  start(ms: number, passed: (closed: boolean) => void): Cancel {
    if (this.#closed) {
      passed(true)
      return () => {}
    }
    const end = (): void => {
      this.#running.get(passed)?.()
      this.#running.delete(passed)
    }
    const cancel = this.#clock.after(ms, () => {
      this.#running.delete(passed)
      passed(false)
    })
    this.#running.set(passed, cancel)
    return end
  }

  /**
   * Settles as `result` does; once a time is over, or the server closes, settles with what `passed`
   * returns: `result` itself to go on waiting.
   */
  async within<Result, Late>(
    ms: number,
    result: PromiseLike<Result>,
    passed: (closed: boolean) => Late | PromiseLike<Late>,
  ): Promise<Result | Late> {
    let cancel = (): void => {}
    const late = new Promise<Late>((resolve) => {
      cancel = this.start(ms, (closed) => resolve(passed(closed)))
    })
    return Promise.race([result, late]).finally(() => cancel())
  }

  /** Ends all deadlines, also those started later. */
  close(): void {
    this.#closed = true
    for (const [passed, cancel] of this.#running) {
      cancel()
      passed(true)
    }
    this.#running.clear()
  }
}
