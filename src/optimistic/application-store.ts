import type { Unsubscribe } from '../base/emitter.ts'
import { badOption } from '../base/errors.ts'

/** A store of any kind with `get` and `set`. */
export interface SettableStore<T> {
  /** Returns the present value. */
  get(): T
  /** Replaces the value. */
  set(value: T): void
}

/** A store that has its value in a property: a Preact signal, a Vue ref. */
export interface ValueStore<T> {
  /** The present value; replacing it notifies the followers. */
  value: T
  /** Returns the value without making an effect follow the store. */
  peek?(): T
}

/** A store by the contract of Svelte: the result of `writable`. */
export interface SubscribableStore<T> {
  /** Calls `run` at once and after every change, until the returned function is called. */
  subscribe(run: (value: T) => void): Unsubscribe
  /** Replaces the value. */
  set(value: T): void
}

/**
 * A store as the application's library makes it: with `get` and `set`, or a Preact signal, a Vue
 * `ref` or `shallowRef`, a Svelte `writable`.
 */
export type ApplicationStore<T> = SettableStore<T> | ValueStore<T> | SubscribableStore<T>

/** Whether an object is a store that can be set. */
export function isApplicationStore<T, Other extends object>(
  store: ApplicationStore<T> | Other,
): store is ApplicationStore<T> {
  return 'set' in store || 'value' in store
}

/** Returns `get` and `set` of a store of the application. */
export function settable<T>(store: ApplicationStore<T>): SettableStore<T> {
  if ('get' in store) return store
  if ('value' in store) {
    return {
      get: () => unwrapped(store.peek ? store.peek() : store.value),
      set: (value) => {
        store.value = value
      },
    }
  }
  return {
    get() {
      let now: readonly [T] | undefined
      store.subscribe((value) => {
        now = [value]
      })()
      if (now) return now[0]
      throw badOption(
        'store',
        'The store has no value: its subscribe() did not call the function at once.',
      )
    },
    set: (value) => store.set(value),
  }
}

/**
 * Returns the object behind one of Vue's proxies: a `ref` returns a proxy of the object it was set
 * to, which would seem to be another value.
 */
function unwrapped<T>(value: T): T {
  const { __v_raw: raw = value } = (value ?? {}) as { readonly __v_raw?: T }
  return raw
}
