import type { NotifyMode } from '../base/notify.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { EventOrder } from './event-order.ts'
import type { PayloadLogOptions } from './payload-log.ts'

/** Options of a {@link ContextRegistry}. */
export interface RegistryOptions<Context = never, By extends string = string> {
  /**
   * The field that discriminates contexts.
   * @default 'kind'
   */
  readonly by?: By | undefined
  /**
   * Whether an event whose id was already processed is ignored as a whole, and how many ids are
   * remembered; `true` is 10,000. Needed where events can arrive twice, as in replays.
   * @default false
   */
  readonly dedupe?: boolean | { readonly entries: number } | undefined
  /**
   * Returns the id of an event that came without one.
   * @default the context's `event_id`
   */
  readonly idOf?: ((context: Context) => string | undefined) | undefined
  /** @internal Returns the context of an event, for registries of the channels of a contract. */
  readonly contextOf?: ((event: EventFrame) => unknown) | undefined
  /**
   * Limits and selector of the payload log.
   * @default { entries: 500, chars: 1_000_000 }
   */
  readonly payloads?: PayloadLogOptions<Context> | undefined
  /**
   * When the built-in stores notify their listeners. With `microtask` and `frame` each notifies
   * once for any number of folded events. Stores of the application's own kind follow their own
   * rules.
   * @default 'sync'
   */
  readonly notify?: NotifyMode | undefined
  /**
   * Receives exceptions of selectors, reducers, stores and listeners; those of the first three as a
   * `handler-failed` error. The rest of the event is processed.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * Called with every context that was not written, and the reason. Contexts of unhandled kinds are
   * not among them: see {@link ContextRegistry.unknown}.
   * @default not called
   */
  readonly onDrop?: ((context: unknown, reason: DropReason) => void) | undefined
}

/**
 * The reason a context was not written: it is not an object, its kind is missing, it has no key
 * (the key selector returned no string, or an empty one), it has no sort key (its event lacks a
 * readable timestamp, offset or id, by which its slot orders, and the entity came with one), it
 * contains itself, or it is nested deeper than 64 contexts.
 */
export type DropReason =
  | 'not-an-object'
  | 'no-discriminant'
  | 'no-key'
  | 'no-sort-key'
  | 'cycle'
  | 'too-deep'

/** Rules by which an incoming value replaces the value of an entity. */
export interface SlotRules {
  /**
   * Rule for finding the newer of two events about one entity; the older one is ignored. An event
   * that lacks the field never replaces one that has it.
   * @default 'arrival'
   */
  readonly order?: EventOrder | undefined
  /**
   * `shallow` keeps the present value if the new one has as many keys and every value is `===`;
   * `always` sets every time.
   * @default 'shallow' with keys, 'always' without
   */
  readonly equality?: 'shallow' | 'always' | undefined
}

/** Maximum size of a slot with keys. */
export interface EntryLimit {
  /**
   * The maximum number of entities; the least recently updated one is deleted for a new one. An
   * event that changed nothing counts as an update.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxEntries?: number | undefined
}

/** The option that finds the contexts within a context. */
export interface PartsOption<Context> {
  /**
   * Returns the contexts within a context, folded after it in this order; elements that are not
   * objects are skipped.
   * @default none
   */
  readonly parts?: ((context: Context) => readonly unknown[]) | undefined
}

/** Options of a slot with one entity. */
export interface SingleOptions<Context> extends SlotRules, PartsOption<Context> {
  /**
   * `replace` stores the incoming context, `merge` spreads it over the previous one.
   * @default 'replace'
   */
  readonly apply?: 'replace' | 'merge' | undefined
}

/** Options of a slot with one entity per key. */
export interface KeyedOptions<Context> extends SingleOptions<Context>, EntryLimit {}

/** Options of a slot whose reducer folds contexts into one state. */
export interface ReduceOptions<Context, State> extends SlotRules, PartsOption<Context> {
  /** The state before the first context; `apply` must not mutate it. */
  readonly initial: State
  /** Returns the state after a context; `undefined` deletes the entity. */
  readonly apply: (state: State, context: Context) => State | undefined
}

/** Options of a slot whose reducer folds contexts into one state per entity. */
export interface KeyedReduceOptions<Context, State>
  extends ReduceOptions<Context, State>,
    EntryLimit {
  /** Returns the key of a context's entity; no string, or an empty one, means no entity. */
  readonly key: (context: Context) => string | undefined
}

/** Options of a derived slot. */
export interface DerivedOptions extends SlotRules, EntryLimit {}

/** Counters of a registry. */
export interface RegistryCounts {
  /** Entities with a key that were created. */
  readonly created: number
  /** Values set, creations excluded. */
  readonly set: number
  /** Contexts equal to the present value of their entity. */
  readonly suppressed: number
  /** Contexts older than the present value of their entity. */
  readonly stale: number
  /** Events whose id was already processed. */
  readonly duplicates: number
  /** Contexts of unhandled kinds. */
  readonly unknown: number
  /** Contexts that were not written, for any {@link DropReason}. */
  readonly dropped: number
}

/** The counters in writable form. */
export type MutableCounts = { -readonly [name in keyof RegistryCounts]: number }
