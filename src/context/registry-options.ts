import type { NotifyMode } from '../base/notify.ts'
import type { EventOrder } from './event-order.ts'
import type { PayloadLogOptions } from './payload-log.ts'

/**
 * Why something was not written: it is no object, does not say of which kind it is, concerns no
 * entity (its key selector gives no string, or an empty one), contains itself, or is nested deeper
 * than 64 contexts.
 */
export type DropReason = 'not-an-object' | 'no-discriminant' | 'no-key' | 'cycle' | 'too-deep'

/** The options of a registry. */
export interface RegistryOptions<Context = never, By extends string = string> {
  /**
   * The field by which contexts are told apart.
   * @default 'kind'
   */
  readonly by?: By | undefined
  /**
   * Whether an event whose id was already processed is ignored as a whole, and how many ids are
   * remembered; `true` is 10,000. Needed where events can come twice, as with replays.
   * @default false
   */
  readonly dedupe?: boolean | { readonly entries: number } | undefined
  /**
   * The id of an event that came without one.
   * @default the context's `event_id`
   */
  readonly idOf?: ((context: Context) => string | undefined) | undefined
  /**
   * What the payload log holds and reads.
   * @default { entries: 500, chars: 1_000_000 }
   */
  readonly payloads?: PayloadLogOptions<Context> | undefined
  /**
   * When the built-in stores tell of a change. With `microtask` and `frame` each tells once,
   * however many events were folded. Stores of the application's own kind have their own ways.
   * @default 'sync'
   */
  readonly notify?: NotifyMode | undefined
  /**
   * Receives what a selector, reducer, store or listener threw: the first three as a
   * `handler-failed` error, the rest of the event goes on.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * Hears of every context that was not written, and why. Contexts of unhandled kinds are not
   * among them: see {@link ContextRegistry.unknown}.
   * @default nobody hears
   */
  readonly onDrop?: ((context: unknown, reason: DropReason) => void) | undefined
}

/** When an incoming value replaces that of an entity. */
export interface SlotRules {
  /**
   * Which of two events about one entity is the newer; the older is left aside.
   * @default 'arrival'
   */
  readonly order?: EventOrder | undefined
  /**
   * `shallow` leaves a value alone that has as many keys as the new one and every value `===`;
   * `always` sets every time.
   * @default 'shallow' with keys, 'always' without
   */
  readonly equality?: 'shallow' | 'always' | undefined
}

/** How many entities a slot with keys holds. */
export interface EntryLimit {
  /**
   * The most entities; the one that was updated least recently is deleted for the next. An event
   * that changed nothing is an update too.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxEntries?: number | undefined
}

/** The contexts within a context. */
export interface PartsOption<Context> {
  /**
   * The contexts within a context, folded after it in this order; whatever is no object is skipped.
   * @default none
   */
  readonly parts?: ((context: Context) => readonly unknown[]) | undefined
}

/** The options of a slot that has one entity. */
export interface SingleOptions<Context> extends SlotRules, PartsOption<Context> {
  /**
   * `replace` makes the incoming context the value, `merge` lays it over the previous one.
   * @default 'replace'
   */
  readonly apply?: 'replace' | 'merge' | undefined
}

/** The options of a slot that has an entity per key. */
export interface KeyedOptions<Context> extends SingleOptions<Context>, EntryLimit {}

/** How a reducer folds contexts into one state. */
export interface ReduceOptions<Context, State> extends SlotRules, PartsOption<Context> {
  /** What the first context is folded into; must not be changed by `apply`. */
  readonly initial: State
  /** The state after a context; `undefined` deletes the entity. */
  readonly apply: (state: State, context: Context) => State | undefined
}

/** How a reducer folds contexts into one state per entity. */
export interface KeyedReduceOptions<Context, State>
  extends ReduceOptions<Context, State>,
    EntryLimit {
  /** The entity a context is of; none where it gives no string, or an empty one. */
  readonly key: (context: Context) => string | undefined
}

/** The options of a derived slot. */
export interface DerivedOptions extends SlotRules, EntryLimit {}

/** What a registry has done so far. */
export interface RegistryCounts {
  /** Entities with a key that came to be. */
  readonly created: number
  /** Values set besides those. */
  readonly set: number
  /** Contexts equal to what their entity had. */
  readonly suppressed: number
  /** Contexts older than what their entity had. */
  readonly stale: number
  /** Events whose id was already processed. */
  readonly duplicates: number
  /** Contexts of kinds that nobody handles. */
  readonly unknown: number
  /** Contexts that were not written, for any {@link DropReason}. */
  readonly dropped: number
}

/** The same, while counting. */
export type MutableCounts = { -readonly [name in keyof RegistryCounts]: number }
