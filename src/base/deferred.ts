/** A promise, and the function that settles it. */
export interface Deferred<Kind extends Promise<void> = Promise<void>> {
  readonly promise: Kind
  /** Rejects the promise with an error, or resolves it without one. */
  readonly settle: (error?: unknown) => void
}

/**
 * Returns a promise with the function that settles it. If the promise is not used, its rejection is no
 * unhandled one.
 */
export function deferred(): Deferred
export function deferred<Kind extends Promise<void>>(kind: PromiseClass<Kind>): Deferred<Kind>
export function deferred(Kind: PromiseClass<Promise<void>> = Promise): Deferred {
  let settle: Deferred['settle'] = () => {}
  const promise = new Kind((resolve, reject) => {
    settle = (error) => (error ? reject(error) : resolve())
  })
  promise.catch(() => {})
  return { promise, settle }
}

/** A class of promises. */
type PromiseClass<Kind> = new (
  executor: (resolve: () => void, reject: (error: unknown) => void) => void,
) => Kind

/** Whether a function returned a promise, or another object that can be awaited. */
export function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
