import type { Readable, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'

/** The common part of all signals with a `value`. */
export interface ValueSignal<T> {
  /** The current value; reading it makes an effect follow the signal. */
  readonly value: T
}

/** The kind of signals that have their value in `value`. */
export interface ValueSignalKind extends StoreKind {
  /** A signal whose value is its property `value`. */
  readonly store: ValueSignal<this['value']>
}

/**
 * Creates a factory of signals that are set by their `value`: those of Preact, or the refs of Vue.
 *
 * A kind as type argument gives every store the type of the library.
 *
 * @param create the library's function: `signal` of Preact, `shallowRef` of Vue
 * @example
 * import { type Signal, signal } from '@preact/signals-core'
 * import { ContextRegistry, type StoreKind } from 'wirefold'
 * import { valueSignals } from 'wirefold/signals'
 *
 * interface PreactKind extends StoreKind { readonly store: Signal<this['value']> }
 * const contexts = new ContextRegistry<Shop>().storedIn(valueSignals<PreactKind>(signal))
 */
export function valueSignals<K extends StoreKind = ValueSignalKind>(
  create: <T>(initial: T) => StoreOf<K, T> & { value: T },
): StoreFactory<K> {
  return {
    create<T>(initial: T) {
      const store = create(initial)
      return {
        store,
        set: (value: T) => {
          store.value = value
        },
      }
    },
  }
}

/** The kind of signals that are read by calling them, as Solid's are. */
export interface AccessorKind extends StoreKind {
  /** A function that returns the value, and is tracked where it is called. */
  readonly store: () => this['value']
}

/**
 * Creates a factory of signals that are a pair of getter and setter, as Solid's are.
 *
 * @param create the library's function: `createSignal` of Solid
 */
export function accessorSignals(
  create: <T>(initial: T) => readonly [get: () => T, set: (update: () => T) => unknown],
): StoreFactory<AccessorKind> {
  return {
    create<T>(initial: T) {
      const [store, set] = create(initial)
      // Wrapped, since a setter calls a function passed to it, and the value may be one.
      return { store, set: (value: T) => set(() => value) }
    },
  }
}

/** A signal that follows a store, with a function that ends this. */
export interface FollowingSignal<S> {
  /** The library's own signal. */
  readonly signal: S
  /** Stops following the store; the signal keeps its last value. Safe to call twice. */
  readonly stop: () => void
}

/**
 * Creates a signal that holds the value of a store, and follows it until `stop` is called.
 *
 * @param factory makes the signal, see {@link valueSignals} and {@link accessorSignals}
 * @example
 * import { createSignal, onCleanup } from 'solid-js'
 * import { accessorSignals, toSignal } from 'wirefold/signals'
 *
 * const { signal, stop } = toSignal(client.state, accessorSignals(createSignal))
 * onCleanup(stop)
 */
export function toSignal<T, K extends StoreKind>(
  readable: Readable<T>,
  factory: StoreFactory<K>,
): FollowingSignal<StoreOf<K, T>> {
  const { store, set } = factory.create(readable.get())
  return { signal: store, stop: readable.listen(set) }
}
