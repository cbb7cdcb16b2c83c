import { isPromise } from '../../base/deferred.ts'

/** Keeps the events of a channel in order while their payloads are checked. */
export class ChannelOrder {
  /** The last step of each channel that is not done. */
  readonly #last = new Map<string, Promise<void>>()

  /**
   * Returns a result once it is there and the steps of the channel before it are done.
   *
   * @returns a promise only if there is something to wait for
   */
  after<Result>(channel: string, result: Result | Promise<Result>): Result | Promise<Result> {
    const before = this.#last.get(channel)
    if (!before && !isPromise(result)) return result
    const ordered = Promise.all([result, before]).then(([value]) => value)
    // A failed step is done, too; the one after it waits for both.
    const done = Promise.allSettled([ordered, before]).then(() => {
      if (this.#last.get(channel) === done) this.#last.delete(channel)
    })
    this.#last.set(channel, done)
    return ordered
  }
}
