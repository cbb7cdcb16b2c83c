import type { Unsubscribe } from './emitter.ts'
import type { NotifyMode } from './notify.ts'
import { Schedule } from './notify.ts'
import type { OneOrMany } from './one-or-many.ts'
import { append, remove, toArray } from './one-or-many.ts'
import { printError } from './report.ts'

/** A value that can be read now and followed; all that an adapter needs to know of a store. */
export interface Readable<T> {
  /** The value of this moment. */
  get(): T
  /** Calls `run` at once and after every change, as Svelte's stores do. */
  subscribe(run: (value: T) => void): Unsubscribe
  /** Calls `run` after every change only, as React's `useSyncExternalStore` wants it. */
  listen(run: (value: T) => void): Unsubscribe
}

/** A {@link Readable} that its owner sets. */
export interface Writable<T> extends Readable<T> {
  /** Replaces the value; the same value (by `Object.is`) tells nobody. */
  set(value: T): void
}

/**
 * A store kind, as a type: `store` is what a factory of this kind makes for a `value`.
 *
 * @example
 * interface SvelteKind extends StoreKind { store: Writable<this['value']> }
 */
export interface StoreKind {
  readonly value: unknown
  readonly store: unknown
}

/** The store that the kind `K` makes for values of type `T`. */
export type StoreOf<K extends StoreKind, T> = (K & { readonly value: T })['store']

/** Makes stores of one kind; whoever asks for a store keeps the value itself and only sets it. */
export interface StoreFactory<K extends StoreKind> {
  /** Makes a store holding `initial` and the function that sets it. */
  create<T>(initial: T): { readonly store: StoreOf<K, T>; readonly set: (value: T) => void }
}

/** The kind of the built-in store. */
export interface ReadableKind extends StoreKind {
  readonly store: Readable<this['value']>
}

interface Listener<T> {
  readonly run: (value: T) => void
  live: boolean
}

class Store<T> implements Writable<T> {
  #value: T
  #listeners: OneOrMany<Listener<T>>
  readonly #schedule: Schedule
  readonly #report: (error: unknown) => void

  constructor(value: T, schedule: Schedule, report: (error: unknown) => void) {
    this.#value = value
    this.#schedule = schedule
    this.#report = report
  }

  get(): T {
    return this.#value
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
    this.#listeners = append(this.#listeners, listener)
    return () => {
      if (!listener.live) return
      listener.live = false
      this.#listeners = remove(this.#listeners, listener)
    }
  }

  /** Called by the schedule when it is time. */
  notify(): void {
    // A list is never changed in place, so whoever comes or goes meanwhile does not disturb us.
    for (const listener of toArray(this.#listeners)) if (listener.live) this.#call(listener.run)
  }

  /** With the newest value: a listener that set the store must not leave the others behind it. */
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

/** How a store tells of its changes. */
export interface StoreOptions {
  /**
   * When listeners hear of a change: at once, at the end of the running task, or with the next
   * frame. Between two notifications a store may change many times; listeners see the last value.
   * @default 'sync'
   */
  readonly notify?: NotifyMode | undefined
  /**
   * Receives what a listener threw.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Makes a single store. */
export function createStore<T>(initial: T, options: StoreOptions = {}): Writable<T> {
  return new Store(initial, new Schedule(options.notify ?? 'sync'), options.onError ?? printError)
}

/**
 * A factory of built-in stores that share one schedule: with `microtask` or `frame`, everything that
 * changed is told together.
 */
export function storeFactory(options: StoreOptions = {}): StoreFactory<ReadableKind> {
  const schedule = new Schedule(options.notify ?? 'sync')
  const report = options.onError ?? printError
  return {
    create<T>(initial: T) {
      const store = new Store(initial, schedule, report)
      return { store, set: (value: T) => store.set(value) }
    },
  }
}
