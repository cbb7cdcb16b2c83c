import type { Readable, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'

/** What all signals of this sort have in common, whatever else their library gives them. */
export interface ValueSignal<T> {
  /** The value of this moment; reading it is what makes an effect follow the signal. */
  readonly value: T
}

/** The kind of signals that have their value in `value`. */
export interface ValueSignalKind extends StoreKind {
  readonly store: ValueSignal<this['value']>
}

/**
 * Makes signals that are set by their `value`: those of Preact, or the refs of Vue.
 *
 * Naming the kind gives the library's own type to every store.
 *
 * @param create the library's function: `signal` of Preact, `shallowRef` of Vue
 * @example
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
  readonly store: () => this['value']
}

/**
 * Makes signals that come as a pair of getter and setter, as Solid's do.
 *
 * @param create the library's function: `createSignal` of Solid
 */
export function accessorSignals(
  create: <T>(initial: T) => readonly [get: () => T, set: (update: () => T) => unknown],
): StoreFactory<AccessorKind> {
  return {
    create<T>(initial: T) {
      const [store, set] = create(initial)
      // Wrapped, since a setter calls a function it is given, and the value may be one.
      return { store, set: (value: T) => set(() => value) }
    },
  }
}

/** A signal that follows a store, and how to end that. */
export interface FollowingSignal<S> {
  /** The library's own signal. */
  readonly signal: S
  /** Lets go of the store; the signal keeps its last value. Safe to call twice. */
  readonly stop: () => void
}

/**
 * A signal that holds the value of a store and follows it until `stop` is called.
 *
 * @param factory makes the signal, see {@link valueSignals} and {@link accessorSignals}
 * @example
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
