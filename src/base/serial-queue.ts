/** A queue that runs steps one after the other. */
export class SerialQueue {
  readonly #report: (error: unknown) => void
  readonly #onIdle: () => void
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
    const added = (this.#last ?? Promise.resolve())
      .then(step)
      .catch(this.#report)
      .finally(() => {
        if (this.#last !== added) return
        this.#last = undefined
        this.#onIdle()
      })
    this.#last = added
    return added
  }
}
