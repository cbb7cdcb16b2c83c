import type { Readable, StoreFactory, StoreKind } from '../base/store.ts'

/**
 * A store by the contract of Svelte; wirefold's {@link Readable} is one too, so `$store` works with
 * both.
 */
export interface SvelteReadable<T> {
  /** Calls `run` at once and after every change, until the returned function is called. */
  subscribe(run: (value: T) => void): () => void
}

/** The result of Svelte's `writable`. */
export interface SvelteWritable<T> extends SvelteReadable<T> {
  /** Replaces the value. */
  set(value: T): void
}

/** The kind of Svelte's own stores. */
export interface SvelteKind extends StoreKind {
  /** A store of Svelte, which `$` reads in a component. */
  readonly store: SvelteReadable<this['value']>
}

/**
 * Creates a factory of Svelte's own stores, for the Svelte version of the application.
 *
 * @param writable the function of that name from `svelte/store`
 * @example
 * import { writable } from 'svelte/store'
 * import { ContextRegistry } from 'wirefold'
 * import { svelteStores } from 'wirefold/svelte'
 *
 * const contexts = new ContextRegistry<Shop>().storedIn(svelteStores(writable))
 */
export function svelteStores(
  writable: <T>(initial: T, followed?: () => () => void) => SvelteWritable<T>,
): StoreFactory<SvelteKind> {
  return {
    create<T>(initial: T, followed?: () => () => void) {
      const store = writable(initial, followed)
      return { store, set: (value: T) => store.set(value) }
    },
  }
}

/** Svelte's `createSubscriber`, available since Svelte 5.7. */
export type CreateSubscriber = (start: (update: () => void) => () => void) => () => void

/** A value that effects and templates follow by reading it. */
export interface Rune<T> {
  /** The current value. */
  readonly current: T
}

/**
 * Creates a value for runes: it follows the store while an effect or a template reads `current`,
 * and stops with the last of them.
 *
 * @param createSubscriber the function of that name from `svelte/reactivity`. It is passed in, so
 *   that this module imports nothing and also works with Svelte 4.
 * @example
 * import { createSubscriber } from 'svelte/reactivity'
 * import { fromReadable } from 'wirefold/svelte'
 *
 * const order = fromReadable(contexts.entity('Order', '42'), createSubscriber)   // then {order.current}
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
