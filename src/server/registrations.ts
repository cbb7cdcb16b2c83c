import { isPromise } from '../base/deferred.ts'
import { badOption, type WirefoldError } from '../base/errors.ts'
import { checkKinds } from '../base/known-names.ts'
import { reportRejection } from '../base/report.ts'

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
   * registrations are removed, too. Throws `bad-option` if it returns a promise.
   */
  replace(setup: () => (() => void) | undefined): void {
    this.clear()
    this.#noting = true
    try {
      const end = setup()
      if (isPromise(end)) throw this.#isAsync(end)
      checkKinds('the result of setUp()', { end }, { end: 'function' })
      this.#end = end
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

  /** Returns the error of a set-up that registers more after this function has noted all. */
  #isAsync(setup: PromiseLike<unknown>): WirefoldError {
    reportRejection(setup, this.#report)
    const message =
      'The function given to setUp() returned a promise, so its registrations were removed: those after an "await" could not be replaced later. Load what it needs before setUp(), and give it a function that is not async.'
    return badOption('setup', message)
  }

  #run(step: () => void): void {
    try {
      reportRejection(step(), this.#report)
    } catch (error) {
      this.#report(error)
    }
  }
}
