import type { Cancel, Clock } from '../base/clock.ts'
import { badOption, timeoutError } from '../base/errors.ts'

/**
 * Calls `load`, and then one of two functions: `loaded` with its result, or `failed` with its error,
 * or with a `timeout` error after `limitMs`.
 *
 * @returns a function that aborts the signal of `load`; neither function is called from then on
 */
export function fetchWithin<Result>(
  clock: Clock,
  limitMs: number,
  load: (signal: AbortSignal) => Promise<Result>,
  loaded: (result: Result) => void,
  failed: (error: unknown) => void,
): Cancel {
  const controller = new AbortController()
  const { signal } = controller
  const cancel = (): void => {
    cancelLimit()
    controller.abort()
  }
  const fail = (error: unknown): void => {
    if (signal.aborted) return
    cancel()
    failed(error)
  }
  const cancelLimit = clock.after(limitMs, () => fail(timeoutError(limitMs)))
  Promise.resolve(signal)
    .then(load)
    .then((result) => {
      if (signal.aborted) return
      cancelLimit()
      loaded(result)
    }, fail)
  return cancel
}

/** Throws `bad-option` for a function that fetches the state and is missing: a late error has no caller. */
export function assertFetch(option: string, fetch: unknown): void {
  if (typeof fetch === 'function') return
  throw badOption(option, `Pass ${option}, which fetches the state.`)
}
