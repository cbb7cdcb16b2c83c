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

/** Returns the promise of a `connect()`; if it is ignored, its rejection is no unhandled one. */
export function opening(): Opening {
  let resolve = (): void => {}
  let reject = (_: unknown): void => {}
  const promise = new Awaited((settle, fail) => {
    resolve = settle
    reject = fail
  })
  promise.catch(() => {})
  promise.isAwaited = false
  return { promise, resolve, reject }
}

/** A promise of `connect()`, with the functions that settle it. */
export interface Opening {
  readonly promise: Awaited
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}
