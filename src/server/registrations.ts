/** What the set-up of a server has registered, so that another set-up can replace it. */
export class Registrations {
  readonly #report: (error: unknown) => void
  readonly #removers: (() => void)[] = []
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
      const end = setup()
      if (end) this.#removers.push(end)
    } catch (error) {
      this.clear()
      throw error
    } finally {
      this.#noting = false
    }
  }

  /** Removes all registrations, the latest first. */
  clear(): void {
    for (const remove of this.#removers.splice(0).reverse()) {
      try {
        remove()
      } catch (error) {
        this.#report(error)
      }
    }
  }
}
