import type { Deferred } from '../base/deferred.ts'
import { deferred } from '../base/deferred.ts'

/**
 * The promise of `connect()`, which knows whether a caller awaits it: a failure that no caller awaits is
 * reported elsewhere.
 */
class Awaited extends Promise<void> {
  /** Whether `then` was called, as `await`, `catch` and `Promise.all` do. */
  isAwaited = false

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<Value = void, Reason = never>(
    ...callbacks: Parameters<typeof Promise.prototype.then<Value, Reason>>
  ): Promise<Value | Reason> {
    this.isAwaited = true
    return super.then(...callbacks)
  }
}

/** A promise of `connect()`, with the function that settles it. */
export type Opening = Deferred<Awaited>

/** Returns the promise of a `connect()`. */
export function opening(): Opening {
  const opened = deferred(Awaited)
  opened.promise.isAwaited = false
  return opened
}
