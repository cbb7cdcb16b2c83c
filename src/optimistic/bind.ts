import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import { createEmitter } from '../base/emitter.ts'
import type { Readable, StoreFactory, StoreKind } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import type { ChannelStatus } from '../channels/subscription.ts'
import type { SyncOptions } from '../channels/sync.ts'
import { sync } from '../channels/sync.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import type { EntityChange } from './entity-change.ts'
import { entityChange } from './entity-change.ts'
import type { ConfirmedState, SettableStore, StateSource, StateStep } from './state-source.ts'

/** How a state is kept in step with the `entity:*` events of a channel; what is not told here is as `sync` has it. */
export interface BindOptions<State> extends Omit<SyncOptions<State>, 'into'> {
  /**
   * A store that is set to the state with every change; until the state was fetched for the first
   * time, what it holds counts as that.
   */
  readonly into?: SettableStore<State> | StoreFactory<StoreKind> | undefined
}

/** A state in step with a channel; call it to let go, and it changes no more. */
export interface BoundState<State, Store> extends Disposer, ConfirmedState<State> {
  /** The state, as a built-in store. */
  readonly state: Readable<State>
  /** The state, as a store of the kind that was asked for. */
  readonly store: Store
  /** How the channel stands: `live` only with the state in place, and `gap` until it is again. */
  readonly status: Readable<ChannelStatus>
  /** For an `OptimisticManager`. */
  readonly source: StateSource<State>
}

/** What a state makes of changes. */
export interface Rules<State> {
  /** The state before anything was fetched. */
  readonly initial: State
  /** What of a row tells it from others. */
  key(row: object): string | undefined
  /** The state after a change. */
  next(state: State, change: EntityChange): State
  /** Leaves out what does not belong there, and sorts. */
  arrange(state: State): State
}

/** Binds a state to a channel by its rules. */
export function bind<State>(
  channels: ChannelSubscriber,
  channel: string,
  options: BindOptions<State>,
  rules: Rules<State>,
): BoundState<State, unknown> {
  const { port } = channels
  const { into, signal } = options
  const report = options.onError ?? port.report
  const steps = createEmitter<{ step(step: StateStep<State>): void }>(port.report)
  const initial = into && 'get' in into ? into.get() : rules.initial
  const state = createStore(initial, { onError: port.report })
  const store = keepStored(state, into)
  let position: Position | undefined
  let released = false

  function arrange(next: State): State {
    try {
      return rules.arrange(next)
    } catch (error) {
      report(error)
      return next
    }
  }

  function become(next: State, events: readonly EventFrame[], at: Position | undefined): void {
    if (released || signal?.aborted) return
    position = at
    steps.emit('step', { state: next, events, position })
    state.set(next)
  }

  const synced = sync(channels, channel, {
    ...options,
    into: {
      reset: (fetched, at) => become(arrange(fetched), [], at),
      fold(events) {
        const before = state.get()
        const after = events.reduce((folded, event) => {
          const change = entityChange(event)
          if (!change) return folded
          try {
            return rules.next(folded, change)
          } catch (error) {
            report(error)
            return folded
          }
        }, before)
        become(after === before ? before : arrange(after), events, behind(position, events))
      },
    },
  })
  // What was missed is not known: no place is held until the state was fetched anew.
  const unfollow = synced.status.listen(({ name }) => {
    if (name === 'gap') become(state.get(), [], undefined)
  })
  const release = (): void => {
    released = true
    unfollow()
    synced()
  }
  const source: StateSource<State> = {
    channel,
    key: rules.key,
    arrange,
    get position() {
      return position
    },
    follow: (run) => steps.on('step', run),
    confirm: (change) => become(arrange(change(state.get())), [], position),
  }
  return disposable(release, { state, store, status: synced.status, source })
}

/** Keeps a store of the application in step with a state; without one it is the state itself. */
function keepStored<State>(
  state: Readable<State>,
  into: SettableStore<State> | StoreFactory<StoreKind> | undefined,
): unknown {
  if (!into) return state
  const { store, set } =
    'create' in into
      ? into.create(state.get())
      : { store: into, set: (value: State) => into.set(value) }
  state.listen(set)
  return store
}

/** The place behind events that follow on a place. */
function behind(
  position: Position | undefined,
  events: readonly EventFrame[],
): Position | undefined {
  return position && events.reduce((at, { offset = 0 }) => further(at, offset), position)
}

function further(position: Position, offset: number): Position {
  return offset > position.offset ? { ...position, offset } : position
}
