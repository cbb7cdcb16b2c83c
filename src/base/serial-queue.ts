/** A queue that runs steps one after the other. */
export class SerialQueue {
  readonly #report: (error: unknown) => void
  readonly #onIdle: () => void
  /** Number of steps that are not done. */
  #left = 0
  #last: Promise<void> | undefined

  /**
   * @param report receives the error that a step threw
   * @param onIdle called whenever no step is left
   */
  constructor(report: (error: unknown) => void, onIdle: () => void = () => {}) {
    this.#report = report
    this.#onIdle = onIdle
  }

  /** Promise that settles once all steps so far are done; `undefined` if none is left. */
  get done(): Promise<void> | undefined {
    return this.#last
  }

  /**
   * Runs a step after those before it.
   *
   * @returns a promise that settles once the step is done, and never rejects
   */
  add(step: () => void | Promise<void>): Promise<void> {
    this.#left += 1
    this.#last = this.#run(step, this.#last)
    return this.#last
  }

  async #run(step: () => void | Promise<void>, before: Promise<void> | undefined): Promise<void> {
    // Also if there is none: a step never begins within the call of `add`.
    await before
    try {
      await step()
    } catch (error) {
      this.#report(error)
    } finally {
      this.#left -= 1
      if (!this.#left) {
        this.#last = undefined
        this.#onIdle()
      }
    }
  }
}
