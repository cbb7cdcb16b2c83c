import type { Unsubscribe } from '../base/emitter.ts'
import type { StoreFactory, StoreKind } from '../base/store.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EntitySource } from './binding/entity-types.ts'
import type { RealtimeOptions, RealtimeParts } from './binding/realtime-parts.ts'
import type { RealtimeSignals, SignalLibrary } from './realtime-signals.ts'
import { createRealtimeSignals, realtime } from './realtime-signals.ts'
import type {
  CreateSubscriber,
  Rune,
  SvelteKind,
  SvelteReadable,
  SvelteWritable,
} from './svelte.ts'
import { svelteStores } from './svelte.ts'

/** Svelte's functions for contexts, from `svelte`. */
export interface SvelteContexts {
  /** The function of that name from `svelte`. */
  getContext<T>(key: unknown): T
  /** The function of that name from `svelte`. */
  setContext<T>(key: unknown, context: T): T
}

/** The functions of Svelte 5 that runes need. They are passed in, so that this module also works with Svelte 4. */
export interface SvelteRunes extends SvelteContexts {
  /** The function of that name from `svelte/reactivity`. */
  readonly createSubscriber: CreateSubscriber
  /** `(run) => { $effect(run) }`, written in a `.svelte.ts` file: `$effect` exists only there. */
  readonly effect: (run: () => Unsubscribe | undefined) => void
}

/** The functions of Svelte 4 and 5 that stores need. */
export interface SvelteStores extends SvelteContexts {
  /** The function of that name from `svelte/store`. */
  readonly writable: <T>(initial: T) => SvelteWritable<T>
  /** The function of that name from `svelte`. */
  readonly onMount: (run: () => Unsubscribe | undefined) => void
}

/** The kind of values that effects and templates follow by reading them. */
export interface RuneKind extends StoreKind {
  /** An object whose property `current` is tracked where it is read. */
  readonly store: Rune<this['value']>
}

/**
 * Makes the composables of an application for the runes of Svelte 5, typed by its contract: each value
 * is read by `current`.
 *
 * @example
 * import { getContext, setContext } from 'svelte'
 * import { createSubscriber } from 'svelte/reactivity'
 * import { createRealtimeRunes } from 'wirefold/svelte'
 *
 * const effect = (run: () => (() => void) | undefined) => { $effect(run) }
 * const svelte = { getContext, setContext, createSubscriber, effect }
 * export const { provideRealtime, useList } = createRealtimeRunes<typeof shop>(svelte)
 */
export function createRealtimeRunes<
  C extends Untyped = Untyped,
  R extends EntitySource = EntitySource,
>(svelte: SvelteRunes): SvelteComposables<C, RuneKind, R> {
  const { createSubscriber, effect } = svelte
  return composables<C, RuneKind, R>(svelte, {
    ...{ signals: runes(createSubscriber), effect },
    read: (rune) => rune.current,
  })
}

/**
 * Makes the composables of an application for the stores of Svelte 4 and 5, typed by its contract: each
 * value is a store.
 *
 * A function in place of a name is read once, when the component is mounted.
 *
 * @example
 * import { getContext, onMount, setContext } from 'svelte'
 * import { writable } from 'svelte/store'
 * import { createRealtimeStores } from 'wirefold/svelte'
 *
 * const svelte = { getContext, setContext, onMount, writable }
 * export const { provideRealtime, useList } = createRealtimeStores<typeof shop>(svelte)
 */
export function createRealtimeStores<
  C extends Untyped = Untyped,
  R extends EntitySource = EntitySource,
>(svelte: SvelteStores): SvelteComposables<C, SvelteKind, R> {
  const { writable, onMount: effect } = svelte
  return composables<C, SvelteKind, R>(svelte, {
    ...{ signals: svelteStores(writable), effect },
    read<T>(store: SvelteReadable<T>) {
      const values: T[] = []
      store.subscribe((value) => values.push(value))()
      // A store of Svelte calls its subscriber at once.
      return values[0] as T
    },
  })
}

/** The composables of an application, and the function that provides the client to them. */
export interface SvelteComposables<
  C extends Untyped,
  K extends StoreKind,
  R extends EntitySource = EntitySource,
> extends RealtimeSignals<C, K, R> {
  /** Provides a client, and its parts, to the present component and those below. */
  provideRealtime(options: RealtimeOptions<C, R>): void
}

function composables<C extends Untyped, K extends StoreKind, R extends EntitySource>(
  { getContext, setContext }: SvelteContexts,
  library: Omit<SignalLibrary<K>, 'inject'>,
): SvelteComposables<C, K, R> {
  const key = Symbol('realtime')
  const inject = () => getContext<RealtimeParts | undefined>(key)
  return {
    ...createRealtimeSignals<C, K, R>({ ...library, inject }),
    provideRealtime: (options) => void setContext(key, realtime(options)),
  }
}

/** Creates a factory of values that effects and templates follow by reading `current`. */
function runes(createSubscriber: CreateSubscriber): StoreFactory<RuneKind> {
  return {
    create<T>(initial: T) {
      let value = initial
      let changed: (() => void) | undefined
      const follow = createSubscriber((update) => {
        changed = update
        return () => {
          changed = undefined
        }
      })
      const store = {
        get current() {
          follow()
          return value
        },
      }
      const set = (next: T): void => {
        value = next
        changed?.()
      }
      return { store, set }
    },
  }
}
