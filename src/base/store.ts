import type { Unsubscribe } from './emitter.ts'
import type { Notifier, NotifyMode } from './notify.ts'
import { Schedule } from './notify.ts'
import type { OneOrMany } from './one-or-many.ts'
import { append, isList, remove } from './one-or-many.ts'
import { printError } from './report.ts'

/** A value that can be read and followed; the whole interface that adapters need of a store. */
export interface Readable<T> {
  /** Returns the current value. */
  get(): T
  /** Calls `run` at once and after every change, as Svelte's stores do. */
  subscribe(run: (value: T) => void): Unsubscribe
  /** Calls `run` after every change only, as React's `useSyncExternalStore` wants it. */
  listen(run: (value: T) => void): Unsubscribe
  /**
   * Returns the value with which the store was made. A page shows it while it is hydrated: a store
   * that has changed since would not match what the server rendered.
   */
  initial?(): T
}

/** A {@link Readable} that its owner sets. */
export interface Writable<T> extends Readable<T> {
  /** Replaces the value; setting the same value (by `Object.is`) notifies no listener. */
  set(value: T): void
}

/**
 * A kind of stores, as a type: `store` is the type that a factory of this kind makes for `value`.
 *
 * @example
 * interface SvelteKind extends StoreKind { store: Writable<this['value']> }
 */
export interface StoreKind {
  /** The type of the value; set by {@link StoreOf}. */
  readonly value: unknown
  /** The type of the store of such a value. */
  readonly store: unknown
}

/** The store that the kind `K` makes for values of type `T`. */
export type StoreOf<K extends StoreKind, T> = (K & { readonly value: T })['store']

/** Makes stores of one kind; its user keeps the value itself and only sets the store. */
export interface StoreFactory<K extends StoreKind> {
  /**
   * Makes a store holding `initial` and the function that sets it.
   *
   * @param followed to be called with the store's first follower; the function that it returns is to
   * be called with the last. A kind of stores that does not notice its followers ignores it.
   */
  create<T>(
    initial: T,
    followed?: Followed,
  ): { readonly store: StoreOf<K, T>; readonly set: (value: T) => void }
}

/** Called with the first follower of a store; the function that it returns, with the last. */
export type Followed = () => Unsubscribe

/** The kind of the built-in store. */
export interface ReadableKind extends StoreKind {
  /** A store of this package. */
  readonly store: Readable<this['value']>
}

interface Listener<T> {
  readonly run: (value: T) => void
  live: boolean
}

class Store<T> implements Writable<T> {
  readonly #initial: T
  #value: T
  #listeners: OneOrMany<Listener<T>>
  readonly #schedule: Pick<Schedule, 'request'>
  readonly #report: (error: unknown) => void
  readonly #followed: Followed | undefined
  #left: Unsubscribe | undefined

  constructor(
    value: T,
    schedule: Pick<Schedule, 'request'>,
    report: (error: unknown) => void,
    followed?: Followed,
  ) {
    this.#initial = value
    this.#value = value
    this.#schedule = schedule
    this.#report = report
    this.#followed = followed
  }

  /** @internal The store in the result of {@link settableStores}. */
  get store(): Readable<T> {
    return this
  }

  get(): T {
    return this.#value
  }

  initial(): T {
    return this.#initial
  }

  set(value: T): void {
    if (Object.is(this.#value, value)) return
    this.#value = value
    if (this.#listeners) this.#schedule.request(this)
  }

  subscribe(run: (value: T) => void): Unsubscribe {
    const off = this.listen(run)
    this.#call(run)
    return off
  }

  listen(run: (value: T) => void): Unsubscribe {
    const listener: Listener<T> = { run, live: true }
    const first = !this.#listeners
    this.#listeners = append(this.#listeners, listener)
    if (first) this.#left = this.#followed?.()
    return () => {
      if (!listener.live) return
      listener.live = false
      this.#listeners = remove(this.#listeners, listener)
      if (!this.#listeners) this.#left?.()
    }
  }

  /** Calls the listeners; called by the {@link Schedule}. */
  notify(): void {
    // The list is never changed in place, so listeners may be added and removed meanwhile.
    const listeners = this.#listeners
    if (listeners === undefined) return
    if (isList(listeners)) {
      for (const { live, run } of listeners) if (live) this.#call(run)
    } else this.#call(listeners.run)
  }

  /**
   * Passes the newest value: if a listener sets the store, the later ones must not get the old
   * value.
   */
  #call(run: (value: T) => void): void {
    try {
      run(this.#value)
    } catch (error) {
      this.#fault(error)
    }
  }

  #fault(error: unknown): void {
    try {
      this.#report(error)
    } catch (another) {
      printError(error)
      printError(another)
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'Store'
  }
}

/** Options of a store. */
export interface StoreOptions {
  /**
   * When listeners are notified of a change: at once, at the end of the running task, or with the
   * next frame. If a store changes several times in between, listeners get the last value once.
   * @default 'sync'
   */
  readonly notify?: NotifyMode | undefined
  /**
   * Receives the errors that listeners throw.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Creates a single store. */
export function createStore<T>(
  initial: T,
  { notify = 'sync', onError = printError }: StoreOptions = {},
): Writable<T> {
  return new Store(initial, new Schedule(notify), onError)
}

/** Notifies of every change at once. */
const AT_ONCE = { request: (notifier: Notifier) => notifier.notify() }

/** Creates a store that notifies at once; `followed` notices its first and its last follower. */
export function followedStore<T>(
  initial: T,
  onError: (error: unknown) => void,
  followed?: Followed,
): Writable<T> {
  return new Store(initial, AT_ONCE, onError, followed)
}

/**
 * Creates a factory of built-in stores that share one schedule: with `microtask` or `frame`, all
 * changes are notified together.
 */
export function storeFactory(options: StoreOptions = {}): StoreFactory<ReadableKind> {
  const made = settableStores(options)
  return {
    create<T>(initial: T, followed?: Followed) {
      const store = made.create(initial, followed)
      return { store, set: (value: T) => store.set(value) }
    },
  }
}

/**
 * As {@link storeFactory}, but each result is the store itself, whose `set` has to be called as a
 * method: an entity of a registry then needs no second object and no closure.
 */
export function settableStores({ notify = 'sync', onError = printError }: StoreOptions = {}) {
  const schedule = new Schedule(notify)
  return {
    create<T>(initial: T, followed?: Followed): Writable<T> & { readonly store: Readable<T> } {
      return new Store(initial, schedule, onError, followed)
    },
  } satisfies StoreFactory<ReadableKind>
}
