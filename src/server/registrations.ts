/** What the set-up of a server has registered, so that another set-up can replace it. */
export class Registrations {
  readonly #report: (error: unknown) => void
  readonly #removers: (() => void)[] = []
  /** Ends what the set-up has started beside its registrations. */
  #end: (() => void) | undefined
  #noting = false

  /** @param report receives errors of functions that end a set-up; never throws */
  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** Notes the function that removes a registration, if a set-up runs; returns that function. */
  note(remove: () => void): () => void {
    if (this.#noting) this.#removers.push(remove)
    return remove
  }

  /**
   * Removes the registrations of the set-up before, and runs another one. If that throws, its
   * registrations are removed, too.
   */
  replace(setup: () => (() => void) | undefined): void {
    this.clear()
    this.#noting = true
    try {
      this.#end = setup()
    } catch (error) {
      this.clear()
      throw error
    } finally {
      this.#noting = false
    }
  }

  /** Runs the function that the set-up returned; the registrations stay. */
  end(): void {
    const end = this.#end
    this.#end = undefined
    if (end) this.#run(end)
  }

  /** Ends the set-up, and removes all its registrations, the latest first. */
  clear(): void {
    this.end()
    for (const remove of this.#removers.splice(0).reverse()) this.#run(remove)
  }

  #run(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#report(error)
    }
  }
}
