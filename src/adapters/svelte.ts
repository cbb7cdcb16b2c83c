import type { Readable, StoreFactory, StoreKind } from '../base/store.ts'

/** What Svelte calls a store; wirefold's own {@link Readable} is one too, so `$store` works with both. */
export interface SvelteReadable<T> {
  /** Calls `run` at once and after every change, until the returned function is called. */
  subscribe(run: (value: T) => void): () => void
}

/** What Svelte's `writable` returns. */
export interface SvelteWritable<T> extends SvelteReadable<T> {
  /** Replaces the value. */
  set(value: T): void
}

/** The kind of Svelte's own stores. */
export interface SvelteKind extends StoreKind {
  readonly store: SvelteReadable<this['value']>
}

/**
 * Makes Svelte's own stores, of whichever Svelte the application has.
 *
 * @param writable the function of that name from `svelte/store`
 * @example
 * import { writable } from 'svelte/store'
 * const contexts = new ContextRegistry<Shop>().storedIn(svelteStores(writable))
 */
export function svelteStores(
  writable: <T>(initial: T) => SvelteWritable<T>,
): StoreFactory<SvelteKind> {
  return {
    create<T>(initial: T) {
      const store = writable(initial)
      return { store, set: (value: T) => store.set(value) }
    },
  }
}

/** Svelte's `createSubscriber`, which came with Svelte 5.7. */
export type CreateSubscriber = (start: (update: () => void) => () => void) => () => void

/** A value that effects and templates follow by reading it. */
export interface Rune<T> {
  /** The value of this moment. */
  readonly current: T
}

/**
 * A store as something that runes follow: follows it while an effect or a template reads `current`,
 * and lets go with the last of them.
 *
 * @param createSubscriber the function of that name from `svelte/reactivity`. It is handed in, so
 *   that this module imports nothing and also serves Svelte 4.
 * @example
 * const task = fromReadable(contexts.entity('Task', '42'), createSubscriber)   // then {task.current}
 */
export function fromReadable<T>(
  readable: Readable<T>,
  createSubscriber: CreateSubscriber,
): Rune<T> {
  const follow = createSubscriber((update) => readable.listen(update))
  return {
    get current() {
      follow()
      return readable.get()
    },
  }
}
