import { backoffDefaults, backoffDelay } from '../base/backoff.ts'
import type { Cancel } from '../base/clock.ts'
import { deferred } from '../base/deferred.ts'
import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import { handlerFailed, isWirefoldError, WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { ChannelArg } from '../contract/name-types.ts'
import type { ConnectionState } from '../ports/connection-state.ts'
import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame, Position } from '../protocol/frame.ts'
import { assertChannel } from './channel-subscriber.ts'
import { assertFetch, fetchWithin } from './fetch-within.ts'
import { lingerOf } from './linger.ts'
import type { Subscriber } from './subscriber.ts'
import type { ChannelStatus, SubscribeOptions, Subscription } from './subscription.ts'
import { released } from './subscription-handle.ts'

/** Time limit of a fetch, in milliseconds; doubled by each failure in a row, up to eight times that. */
const LOAD_MS = 30_000

/** Default values of {@link SyncOptions}. */
export const syncDefaults = { buffer: 10_000 } as const

/**
 * Keeps a state in step with a channel: fetches it, folds events into it, and fetches it again when
 * events may have been missed.
 *
 * It starts with the first follower of its status, with `ready`, or with `start()`, and stops a while
 * after the last of them: a view that is left and opened again within the linger time of the
 * subscriber's channels costs nothing. The call itself opens nothing.
 *
 * The position of the channel is read before the fetch, and events that arrive during the fetch are
 * buffered; those that the state already contains are dropped. The channel's subscription is shared
 * with its other handlers; each `sync` fetches for itself.
 *
 * @example
 * import { createStore, sync } from 'wirefold'
 *
 * const titles = createStore<readonly string[]>([])
 * const tasks = sync(channels, 'entity:Task', {
 *   load: async (signal) => ({ state: await fetchTasks({ signal }) }),
 *   into: {
 *     reset: (all) => titles.set(all.map(({ title }) => title)),
 *     fold: (events) => events.forEach((event) => console.log(event.type)),
 *   },
 * })
 * const stop = tasks.start()
 */
export function sync<State, C extends Untyped = Untyped, const Name extends string = string>(
  subscriber: Subscriber<C>,
  name: ChannelArg<C, Name>,
  options: SyncOptions<State>,
): ChannelSync {
  // The type of the name is known where it is called, not here.
  const channel = name as string
  assertChannel(channel)
  assertFetch('load', options.load)
  const { port } = subscriber
  const lingering = lingerOf(subscriber)
  const {
    load,
    into,
    params,
    signal,
    buffer = syncDefaults.buffer,
    onError = port.report,
  } = options
  const status = followedStore<SyncStatus>({ name: 'idle' }, port.report, followed)
  let wanted = false
  let ended = false
  let subscription: Subscription | undefined
  let followers: Unsubscribe[] = []
  /** `idle` before the channel is live, `waiting` between two attempts to fetch. */
  let phase: 'idle' | 'loading' | 'waiting' | 'synced' = 'idle'
  let events: EventFrame[] = []
  /** Whether the channel has ended since the last fetch was begun. */
  let over = false
  /** Whether the state was fetched since the last gap: events are folded also during a fetch. */
  let whole = false
  /** Last offset that the state contains; it may be ahead of the events that have arrived. */
  let held = 0
  /** Ends the present fetch or wait. */
  let cancel: Cancel | undefined
  let failures = 0
  /** Number of promises of `ready` that are not settled. */
  let waiters = 0

  function followed(): Unsubscribe {
    wanted = true
    lingering.keep(stop)
    // Later: a store that is followed for a moment, as some renderers on a server do, opens nothing.
    queueMicrotask(run)
    return () => {
      wanted = false
      if (status.get().name !== 'idle') lingering.add(stop)
    }
  }

  function run(): void {
    if (ended || !wanted || status.get().name !== 'idle') return
    try {
      subscription = subscriber.subscribe(
        channel,
        (_, event) => {
          if (phase !== 'synced' && events.push(event) > buffer) fetch()
          if (whole && isNew(event)) into.fold([event])
        },
        { stage: 'fold', onError, params },
      )
    } catch (cause) {
      // No caller is left to catch it: the channel is refused, as by the server.
      const error = isWirefoldError(cause) ? cause : handlerFailed(`params of ${channel}`, cause)
      if (!waiters) onError(error)
      status.set({ name: 'refused', error })
      return
    }
    followers = [subscription.status.subscribe(look), port.state.listen(lookAtClient), subscription]
    if (status.get().name === 'idle') status.set({ name: 'pending' })
  }

  function stop(): void {
    leave('idle')
    whole = false
    for (const end of followers) end()
    followers = []
    subscription = undefined
    into.missed?.()
    status.set({ name: 'idle' })
  }

  /** Starts a new fetch, and aborts the present one. */
  function fetch(): void {
    leave('loading')
    over = false
    events = []
    if (!whole) held = 0
    const pinned = subscription?.position
    const limitMs = LOAD_MS * 2 ** Math.min(failures, 3)
    const loaded = (snapshot: SyncSnapshot<State>): void => applySnapshot(snapshot, pinned)
    cancel = fetchWithin(port.clock, limitMs, load, loaded, again)
  }

  function again(error: unknown): void {
    leave('waiting')
    onError(error)
    cancel = port.clock.after(backoffDelay(failures++, backoffDefaults, port.random()), fetch)
  }

  function applySnapshot({ state, at }: SyncSnapshot<State>, pinned: Position | undefined): void {
    if (isBehind(at, pinned)) {
      again(behind(channel))
      return
    }
    phase = 'synced'
    whole = true
    failures = 0
    held = at?.offset ?? 0
    const news = events.filter(isNew)
    events = []
    try {
      into.reset(state, at ?? pinned)
      if (news.length > 0) into.fold(news)
    } catch (error) {
      onError(error)
    }
    if (!subscription) return
    subscription.caughtUp()
    status.set(subscription.status.get())
  }

  function refetch(waitMs = 0): void {
    if (phase !== 'synced') return
    phase = 'waiting'
    events = []
    cancel = port.clock.after(waitMs, fetch)
  }

  function leave(next: typeof phase): void {
    cancel?.()
    phase = next
  }

  function isNew({ offset = Number.POSITIVE_INFINITY }: EventFrame): boolean {
    return offset > held
  }

  /** Fetches if the channel's status requires it, and publishes the status. */
  function look(now: ChannelStatus): void {
    const { name } = now
    if (name === 'gap' || (name === 'live' && over)) {
      whole = false
      into.missed?.()
    }
    // Each gap is reported once: a fetch begun before it may lack its events. A channel that ends before
    // it was live has a state, too.
    const isFirst = phase === 'idle' && (name === 'live' || name === 'ended')
    if (name === 'gap' || (name === 'live' && over) || isFirst) fetch()
    if (name === 'ended') over = true
    const isFetching = phase === 'loading' || phase === 'waiting'
    if (name === 'ended' ? !isFetching : whole || name !== 'live') status.set(now)
  }

  /** Ends a fetch with the session it belongs to: the next one may be another user's. */
  function lookAtClient({ name }: ConnectionState): void {
    if (name === 'closed' && phase !== 'synced') leave('idle')
    else if (name === 'open' && phase === 'idle' && subscription) look(subscription.status.get())
  }

  const release = (): void => {
    ended = true
    lingering.keep(stop)
    stop()
  }
  const members = {
    status,
    start: () => status.listen(() => {}),
    refetch,
    get ready() {
      const { promise, settle } = deferred()
      waiters++
      const unfollow = status.subscribe((now) => {
        if (now.name === 'live' || now.name === 'ended') settle()
        else if (ended) settle(released(channel))
        // Rejects with a refusal, or with the end of the client.
        else if (subscription) subscription.ready.catch(settle)
        else if (now.name === 'refused') settle(now.error)
      })
      const settled = (): void => {
        waiters--
        unfollow()
      }
      promise.then(settled, settled)
      return promise
    },
  }
  return disposable(release, members, signal)
}

/** Whether a snapshot is of another epoch, or older, than the position before the fetch. */
function isBehind(at: Position | undefined, pinned: Position | undefined): boolean {
  return !!at && !!pinned && (at.epoch !== pinned.epoch || at.offset < pinned.offset)
}

function behind(channel: string): WirefoldError<'stale'> {
  const message = `The fetched state of ${channel} is older than its events. It is fetched again.`
  return new WirefoldError('stale', message, { channel })
}

/** Options of a state that is kept in step with a channel. */
export interface SyncOptions<State> extends Pick<SubscribeOptions, 'params'> {
  /**
   * Fetches the state: at first, and whenever events may have been missed. When it rejects, or does
   * not settle in 30 s (doubled after each failure, up to 4 minutes), it is retried with growing
   * waits. Its signal is aborted when the result is no longer needed, as after `close()`.
   */
  readonly load: (signal: AbortSignal) => Promise<SyncSnapshot<State>>
  /** The target that is set to the state, and into which the events are folded. */
  readonly into: SyncTarget<State>
  /**
   * Maximum number of events buffered during a fetch; beyond that the state is fetched anew.
   * @default 10_000
   */
  readonly buffer?: number | undefined
  /** Releases the state when it fires. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives the error of every failed fetch, and a refusal of the channel.
   * @default the client's `error` event
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A target that can be replaced by a whole state, and then folds events. */
export interface SyncTarget<State> extends Sink {
  /**
   * Replaces the state.
   *
   * @param at the position that the state contains, where the backend has positions; the events
   * folded from now on come after it
   */
  reset(state: State, at: Position | undefined): void
  /**
   * Called when events are missed, at a gap and at the stop: the state is behind the channel until
   * the next `reset`.
   */
  missed?(): void
}

/** A state as it was fetched. */
export interface SyncSnapshot<State> {
  /** The fetched state. */
  readonly state: State
  /**
   * The position in the channel's history that the state contains. Without it, every event that
   * arrived during the fetch is folded on top: harmless if folding an event twice is.
   */
  readonly at?: Position | undefined
}

/** A state in step with a channel; call it to release it for good. */
export interface ChannelSync extends Disposer {
  /**
   * `idle` while it is not started; else the status of the channel, but `live` only with the state
   * fetched, and `gap` until it is fetched again.
   */
  readonly status: Readable<SyncStatus>
  /**
   * Starts it, and resolves once the status is `live`; rejects where the channel is refused or
   * released before, or the client ends. An unused `ready` causes no unhandled rejection.
   */
  readonly ready: Promise<void>
  /** Starts it, and keeps it running until the returned function is called. */
  start(): Unsubscribe
  /**
   * Fetches the state again, while events are still folded. Does nothing where it is being fetched
   * already, or not started.
   *
   * @param waitMs time until the fetch, in milliseconds; default 0, which joins the calls of one task
   */
  refetch(waitMs?: number): void
}

/** Status of a state that is kept in step with a channel. */
export type SyncStatus =
  /** Not started, stopped, or released; the state is as it was last. */
  { readonly name: 'idle' } | ChannelStatus
