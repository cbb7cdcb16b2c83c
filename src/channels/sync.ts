import { backoffDefaults, backoffDelay } from '../base/backoff.ts'
import type { Cancel } from '../base/clock.ts'
import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import { WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import type { ChannelSubscriber } from './channel-subscriber.ts'
import type { ChannelStatus } from './subscription.ts'

/** A state as somebody fetched it. */
export interface SyncSnapshot<State> {
  readonly state: State
  /**
   * The place in the channel's history that it holds. Without it, every event that came while it was
   * fetched is folded on top: harmless where folding one twice is.
   */
  readonly at?: Position | undefined
}

/** Something that can be set to a state as a whole, and then follows events. */
export interface SyncTarget<State> extends Sink {
  /**
   * Becomes this state, whatever it was.
   *
   * @param at a place that it holds, where the backend has such places; the events that are folded
   * from here on come behind it
   */
  reset(state: State, at: Position | undefined): void
}

/** How a state is kept in step with a channel. */
export interface SyncOptions<State> {
  /**
   * Fetches the state: at first, and whenever something may have been missed. It is tried again, with
   * growing waits, when it rejects, and aborted by its signal when its result is of no use any more.
   */
  readonly load: (signal: AbortSignal) => Promise<SyncSnapshot<State>>
  /** What is set to the state, and into which the events are folded. */
  readonly into: SyncTarget<State>
  /**
   * How many events may wait for a state that is being fetched; beyond that it is fetched anew.
   * @default 10_000
   */
  readonly buffer?: number | undefined
  /** Releases it when it fires. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives why the state could not be fetched, each time; and a refusal of the channel.
   * @default the client's `error` event
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** What holds where nothing is said. */
export const syncDefaults = { buffer: 10_000 } as const

/** A state in step with a channel; call it to let go. */
export interface ChannelSync extends Disposer {
  /** As the channel's, but `live` only with the state in place, and `gap` until it is again. */
  readonly status: Readable<ChannelStatus>
}

/**
 * Keeps a state in step with a channel: fetches it, folds what happens, and fetches it again when
 * something may have been missed.
 *
 * The channel's position is pinned before the state is fetched, and events that arrive meanwhile
 * wait; those that the state already holds are dropped. The subscription on the wire is shared with
 * everybody else; each `sync` fetches for itself.
 *
 * @example
 * const tasks = sync(channels, 'entity:Task', {
 *   load: async (signal) => ({ state: await fetchTasks({ signal }) }),
 *   into: { reset: (all) => store.set(all), fold: (events) => store.set(apply(store.get(), events)) },
 * })
 */
export function sync<State>(
  subscriber: ChannelSubscriber,
  channel: string,
  options: SyncOptions<State>,
): ChannelSync {
  const { load, into, signal } = options
  const limit = options.buffer ?? syncDefaults.buffer
  const { port } = subscriber
  const report = options.onError ?? port.report
  const status = createStore<ChannelStatus>({ name: 'pending' }, { onError: port.report })
  /** `idle` before the channel is live, `waiting` between two attempts to fetch. */
  let phase: 'idle' | 'loading' | 'waiting' | 'settled' = 'idle'
  let events: EventFrame[] = []
  /** The last offset that the state holds already; it may be ahead of what has arrived. */
  let held = 0
  let fetching = new AbortController()
  let cancelWait: Cancel | undefined
  let failures = 0

  const subscription = subscriber.subscribe(
    channel,
    (_, event) => {
      if (event.offset !== undefined && event.offset <= held) return
      if (phase === 'settled') into.fold([event])
      else if (events.push(event) > limit) fetch()
    },
    { stage: 'fold', onError: report },
  )

  /** Fetches the state from the very beginning; there is never more than one fetch. */
  function fetch(): void {
    stop()
    phase = 'loading'
    events = []
    held = 0
    const controller = new AbortController()
    fetching = controller
    const pinned = subscription.position
    const current = <T>(run: (result: T) => void) => {
      return (result: T): void => {
        if (fetching === controller && phase === 'loading') run(result)
      }
    }
    Promise.resolve(controller.signal)
      .then(load)
      .then(
        current((snapshot) => {
          if (isBehind(snapshot.at, pinned)) again(behind(channel))
          else settle(snapshot, pinned)
        }),
        current(again),
      )
  }

  function again(error: unknown): void {
    phase = 'waiting'
    report(error)
    cancelWait = port.clock.after(backoffDelay(failures++, backoffDefaults, port.random()), fetch)
  }

  function settle({ state, at }: SyncSnapshot<State>, pinned: Position | undefined): void {
    phase = 'settled'
    failures = 0
    held = at?.offset ?? 0
    const news = events.filter(({ offset }) => offset === undefined || offset > held)
    events = []
    try {
      into.reset(state, at ?? pinned)
      if (news.length > 0) into.fold(news)
    } catch (error) {
      report(error)
    }
    subscription.caughtUp()
    status.set(subscription.status.get())
  }

  function stop(): void {
    fetching.abort()
    cancelWait?.()
  }

  /** What the channel's status means for the state. */
  function look(now: ChannelStatus): void {
    // Each gap is told once: whatever was fetched before it may lack what it cost.
    if (now.name === 'gap' || (now.name === 'live' && phase === 'idle')) fetch()
    if (phase === 'settled' || now.name !== 'live') status.set(now)
  }

  const unfollow = subscription.status.subscribe(look)
  const release = (): void => {
    stop()
    phase = 'idle'
    unfollow()
    subscription()
    signal?.removeEventListener('abort', release)
  }
  if (signal?.aborted) release()
  else signal?.addEventListener('abort', release)
  return disposable(release, { status })
}

/** Whether a state is of another history, or older, than what was seen before it was asked for. */
function isBehind(at: Position | undefined, pinned: Position | undefined): boolean {
  if (at === undefined || pinned === undefined) return false
  return at.epoch !== pinned.epoch || at.offset < pinned.offset
}

function behind(channel: string): WirefoldError<'stale'> {
  const message = `The state of ${channel} was fetched from a place that is behind the channel; it is fetched again.`
  return new WirefoldError('stale', message, { channel })
}
