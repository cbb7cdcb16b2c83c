import { backoffDefaults, backoffDelay } from '../base/backoff.ts'
import { disposable } from '../base/disposable.ts'
import { createEmitter } from '../base/emitter.ts'
import { WirefoldError } from '../base/errors.ts'
import { loggable } from '../base/logger.ts'
import type { Followed, Readable, StoreFactory, StoreKind } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { Subscriber } from '../channels/subscriber.ts'
import type { ChannelSync, SyncOptions } from '../channels/sync.ts'
import { sync } from '../channels/sync.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import type { ApplicationStore } from './application-store.ts'
import { settable } from './application-store.ts'
import type { EntityChange } from './entity-change.ts'
import { entityChange, isMisnamed } from './entity-change.ts'
import type { ConfirmedState, StateSource, StateStep } from './state-source.ts'

/** Keeps a state in step with a channel by its rules. */
export function bind<State>(
  channels: Subscriber,
  channel: string,
  options: BindOptions<State>,
  rules: Rules<State>,
): BoundState<State, unknown> {
  const { port } = channels
  const { into, signal, onError = port.report } = options
  const steps = createEmitter<{ step(step: StateStep<State>): void }>(port.report)
  const followed: Followed = () => synced.start()
  const stored = into && storedIn(into, rules.initial, followed)
  const state = followedStore(stored ? stored.first : rules.initial, port.report, followed)
  let position: Position | undefined
  let released = false
  let misnamed = false
  /** A row that an event changed and the state lacks, until the next fetch. */
  let missing: string | undefined
  /** Number of fetches in a row that did not bring the missing row. */
  let fruitless = 0

  /** Returns the result of `run`; where it throws, reports the error and returns `otherwise`. */
  function attempt(otherwise: State, run: () => State): State {
    try {
      return run()
    } catch (error) {
      onError(error)
      return otherwise
    }
  }

  function arrange(next: State, keep: boolean): State {
    return attempt(next, () => rules.arrange(next, keep))
  }

  function become(next: State, events: readonly EventFrame[], at: Position | undefined): void {
    if (released) return
    position = at
    // The application gets the list, and later changes are folded into it.
    if (Array.isArray(next)) Object.freeze(next)
    steps.emit('step', { state: next, events, position })
    if (Object.is(state.get(), next)) return
    state.set(next)
    try {
      stored?.set(next)
    } catch (error) {
      port.report(error)
    }
  }

  /** Returns the state after an event. */
  function folded(before: State, event: EventFrame): State {
    const change = entityChange(event)
    if (!change) {
      if (!misnamed && isMisnamed(event.type)) {
        misnamed = true
        onError(unread(channel, event.type))
      }
      return before
    }
    return attempt(before, () =>
      rules.next(before, change, (key) => {
        missing ??= key
      }),
    )
  }

  const synced: ChannelSync = sync(channels, channel, {
    ...options,
    signal: undefined,
    into: {
      reset(fetched, at) {
        rules.forget()
        become(arrange(fetched, true), [], at)
        if (missing === undefined) return
        fruitless = rules.has(state.get(), missing) ? 0 : fruitless + 1
        missing = undefined
      },
      fold(events) {
        const before = state.get()
        const after = events.reduce(folded, before)
        const next = after === before ? before : arrange(after, true)
        become(next, events, positionAfter(position, events))
        // A row that a fetch does not bring is not fetched for again and again.
        if (missing !== undefined) {
          synced.refetch(fruitless && backoffDelay(fruitless - 1, backoffDefaults, port.random()))
        }
      },
      // Missed events are unknown: the state has no position until it was fetched again.
      missed: () => become(state.get(), [], undefined),
    },
  })
  const release = (): void => {
    released = true
    synced()
  }
  const source: StateSource<State> = {
    channel,
    key: rules.key,
    arrange: (next) => arrange(next, false),
    update: options.update,
    unseen: rules.unseen,
    get position() {
      return position
    },
    follow: (run) => steps.on('step', run),
    confirm: (change) => become(arrange(change(state.get()), true), [], position),
  }
  const members = {
    state,
    store: stored ? stored.store : state,
    status: synced.status,
    start: synced.start,
    refetch: synced.refetch,
    get ready() {
      return synced.ready
    },
    source,
  }
  return disposable(release, members, signal)
}

/**
 * Returns the store of the application that holds a state, its first value, and the function that
 * sets it.
 */
function storedIn<State>(
  into: ApplicationStore<State> | StoreFactory<StoreKind>,
  initial: State,
  followed: Followed,
): { readonly store: unknown; readonly first: State; readonly set: (value: State) => void } {
  if ('create' in into) {
    const made = into.create(initial, followed)
    return { store: made.store, first: initial, set: (value) => made.set(value) }
  }
  const own = settable(into)
  return { store: into, first: own.get(), set: (value) => own.set(value) }
}

function unread(channel: string, name: string): WirefoldError<'unread-event'> {
  const type = loggable(name)
  const message = `The event ${type} of ${channel} is not read. Name it entity:created, entity:updated or entity:deleted, or use sync.`
  return new WirefoldError('unread-event', message, { channel, type })
}

/** Returns the position after a list of events. */
function positionAfter(
  position: Position | undefined,
  events: readonly EventFrame[],
): Position | undefined {
  const further = (last: number, { offset = 0 }: EventFrame): number => Math.max(last, offset)
  return position && { ...position, offset: events.reduce(further, position.offset) }
}

/** The rules by which changes are applied to a state. */
export interface Rules<State> {
  /** The state before the first fetch. */
  readonly initial: State
  /** Returns the key of a row. */
  key(row: object): string | undefined
  /**
   * Returns the state after a change.
   *
   * @param missing called with the key of an updated row that the state does not have
   */
  next(state: State, change: EntityChange, missing: (key: string) => void): State
  /**
   * Returns the state filtered and sorted.
   *
   * @param keep whether rows that are left out are kept unseen
   */
  arrange(state: State, keep: boolean): State
  /** Discards the rows that are kept unseen, before a fetched state takes the place of the former. */
  forget(): void
  /** Whether the state has a row, seen or unseen. */
  has(state: State, key: string): boolean
  /** Returns a row that is kept unseen. */
  unseen?(key: string): object | undefined
}

/**
 * A state in step with a channel; call it to release it for good, and it changes no more.
 *
 * It starts with the first follower of its state, of its status, or of an `OptimisticManager`'s view
 * of it, with `ready`, or with `start()`, and stops a while after the last of them. Until then the
 * state is the initial one; after a stop it is as it was last.
 */
export interface BoundState<State, Store> extends ChannelSync, ConfirmedState<State> {
  /** The state, as a built-in store. */
  readonly state: Readable<State>
  /**
   * The state, as a store of the kind given as `into`. Of those, only Svelte's stores notice their
   * followers; with any other kind call `start()`.
   */
  readonly store: Store
  /** Source of the state, for an `OptimisticManager`. */
  readonly source: StateSource<State>
}

/**
 * Options of a state that is kept in step with the `entity:*` events of a channel; the others are
 * those of `sync`.
 */
export interface BindOptions<State> extends Omit<SyncOptions<State>, 'into'> {
  /**
   * A store that is set to the state with every change, as the application's library makes it; its
   * value is the state until the first fetch. Or a factory of stores.
   */
  readonly into?: ApplicationStore<State> | StoreFactory<StoreKind> | undefined
  /**
   * Meaning of an `entity:updated` event: with `merge` its fields are set in the row, and the row's
   * others stay; with `replace` it carries the whole row. A field that is an object or a list is set
   * as a whole. The result of a request of an `OptimisticManager` is applied in the same way.
   * @default 'merge'
   */
  readonly update?: 'merge' | 'replace' | undefined
  /**
   * Whether an update of a row that is not known adds the row as the event has it. Otherwise the
   * state is fetched again, once for all such events until then; where that does not bring the row,
   * later fetches wait longer and longer.
   * @default false
   */
  readonly upsert?: boolean | undefined
}
