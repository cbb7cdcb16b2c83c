/** Steps that are carried out one by one. */
export class SerialQueue {
  readonly #report: (error: unknown) => void
  readonly #rested: () => void
  #last: Promise<void> | undefined

  /**
   * @param report receives what a step threw
   * @param rested called whenever no step is left
   */
  constructor(report: (error: unknown) => void, rested: () => void = () => {}) {
    this.#report = report
    this.#rested = rested
  }

  /** Settles once all steps so far are done; `undefined` where none is left. */
  get done(): Promise<void> | undefined {
    return this.#last
  }

  /**
   * Has a step carried out when those before it are.
   *
   * @returns settles once it is; never rejects
   */
  add(step: () => void | Promise<void>): Promise<void> {
    const turn = (this.#last ?? Promise.resolve())
      .then(step)
      .catch(this.#report)
      .finally(() => {
        if (this.#last !== turn) return
        this.#last = undefined
        this.#rested()
      })
    this.#last = turn
    return turn
  }
}
