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

/** A value, or a promise of it. */
export type Awaitable<Value> = Value | Promise<Value>

/**
 * Calls `next` with a value: at once, or once its promise is fulfilled. An `await` makes promises in
 * both cases, which would be most of the cost of a request that waits for nothing.
 */
export function andThen<Value, Result>(
  value: Value | PromiseLike<Value>,
  next: (value: Value) => Awaitable<Result>,
): Awaitable<Result> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}

/** Returns the result of a function, or that of `failed` if the function throws or its promise rejects. */
export function orElse<Result>(
  run: () => Awaitable<Result>,
  failed: (error: unknown) => Result,
): Awaitable<Result> {
  try {
    const result = run()
    return isPromise(result) ? result.catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}
