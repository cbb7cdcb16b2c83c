import type { Unsubscribe } from './emitter.ts'
import type { NotifyMode } from './notify.ts'
import { Schedule } from './notify.ts'
import type { OneOrMany } from './one-or-many.ts'
import { fromArray, toArray } from './one-or-many.ts'
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
 * import type { StoreKind, Writable } from 'wirefold'
 *
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

/** Starts the source of a store at its first follower; the returned function ends it after the last. */
export type Followed = () => Unsubscribe

/** The kind of the built-in store. */
export interface ReadableKind extends StoreKind {
  /** A store of this package. */
  readonly store: Readable<this['value']>
}

/** A function that is called with the values of a store. */
type Listener<T> = (value: T) => void

/** The built-in store. */
export class Store<T> implements Writable<T> {
  // What each change reads comes first: of many thousand stores few are in the processor's cache.
  #value: T
  /** Each function once. */
  #listeners: OneOrMany<Listener<T>>
  readonly #rules: StoreRules
  #initial: T
  readonly #followed: Followed | undefined
  #left: Unsubscribe | undefined

  constructor(value: T, rules: StoreRules, followed?: Followed) {
    this.#value = value
    this.#rules = rules
    this.#initial = value
    this.#followed = followed
  }

  /** @internal The store itself, as in the result of a {@link StoreFactory}. */
  get store(): Readable<T> {
    return this
  }

  get(): T {
    return this.#value
  }

  initial(): T {
    return this.#initial
  }

  /** @internal Makes the present value the initial one: the store is handed out only now. */
  begin(): void {
    this.#initial = this.#value
  }

  set(value: T): void {
    if (Object.is(this.#value, value)) return
    this.#value = value
    if (!this.#listeners) return
    const { schedule } = this.#rules
    if (schedule) schedule.request(this)
    else this.notify()
  }

  subscribe(run: (value: T) => void): Unsubscribe {
    const off = this.listen(run)
    this.#call(run)
    return off
  }

  listen(run: (value: T) => void): Unsubscribe {
    // A function that listens twice is called twice, and released once by each of its releases.
    const listener: Listener<T> = this.#has(run) ? (value) => run(value) : run
    const first = !this.#listeners
    let live = true
    this.#listeners = fromArray([...toArray(this.#listeners), listener])
    if (first) this.#left = this.#followed?.()
    return () => {
      if (!live) return
      live = false
      this.#listeners = fromArray(toArray(this.#listeners).filter((other) => other !== listener))
      if (!this.#listeners) this.#left?.()
    }
  }

  /** Calls the listeners. */
  notify(): void {
    const listeners = this.#listeners
    // Most stores have one listener, which is called without making an array.
    if (typeof listeners === 'function') {
      this.#call(listeners)
      return
    }
    // The list is never changed in place: a listener may add others, and release those to come.
    for (const listener of toArray(listeners)) {
      if (listeners === this.#listeners || this.#has(listener)) this.#call(listener)
    }
  }

  #has(listener: Listener<T>): boolean {
    return toArray(this.#listeners).includes(listener)
  }

  /**
   * Passes the newest value: if a listener sets the store, the later ones must not get the old
   * value.
   */
  #call(run: Listener<T>): void {
    try {
      run(this.#value)
    } catch (error) {
      this.#fault(error)
    }
  }

  #fault(error: unknown): void {
    try {
      this.#rules.report(error)
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

/** The rules of a number of stores. */
export interface StoreRules {
  /** Notifies their listeners later; without one, they are notified at once. */
  readonly schedule?: Schedule | undefined
  /** Receives the errors of listeners. */
  readonly report: (error: unknown) => void
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

/** Returns the rules for stores that share one schedule. */
export function storeRules({
  notify = 'sync',
  onError = printError,
}: StoreOptions = {}): StoreRules {
  return { schedule: notify === 'sync' ? undefined : new Schedule(notify), report: onError }
}

/** Creates a single store. */
export function createStore<T>(initial: T, options?: StoreOptions): Writable<T> {
  return new Store(initial, storeRules(options))
}

/** Creates a store that notifies at once; `followed` notices its first and its last follower. */
export function followedStore<T>(
  initial: T,
  report: (error: unknown) => void,
  followed?: Followed,
): Writable<T> {
  return new Store(initial, { report }, followed)
}

/**
 * Creates a factory of built-in stores that share one schedule: with `microtask` or `frame`, all
 * changes are notified together.
 */
export function storeFactory(options?: StoreOptions): StoreFactory<ReadableKind> {
  const rules = storeRules(options)
  return {
    create<T>(initial: T, followed?: Followed) {
      const store = new Store(initial, rules, followed)
      return { store, set: (value: T) => store.set(value) }
    },
  }
}
