import type { Subscriber } from '../../channels/subscriber.ts'
import type { SyncOptions, sync as syncOf } from '../../channels/sync.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import type { QueryClientLike, QueryLike } from './query-client.ts'

/** Options of a query that is kept in step with a channel. */
export interface LiveQueryOptions<Data, Key extends readonly unknown[]>
  extends Pick<SyncOptions<Data>, 'load' | 'params'> {
  /** The key of the query. */
  readonly queryKey: Key
  /**
   * Returns the data after an event; must not mutate its arguments. All events of one task are applied
   * in one change of the cache.
   * @default the query is fetched again, once for all events of one task
   */
  readonly patch?: ((data: Data, event: EventFrame) => Data) | undefined
}

/** Keeps one query of the cache in step with a channel, while the query has observers. */
export interface LiveQuery {
  /** Resolves with the query's data, once `sync` has fetched it. */
  fetch(): Promise<unknown>
  /** Whether the data contains every event. */
  isFresh(): boolean
}

/** Makes a {@link LiveQuery}; it starts with its first fetch, and ends when the query is removed. */
export function liveQuery<Data, Key extends readonly unknown[]>(
  client: QueryClientLike,
  channels: Subscriber,
  sync: typeof syncOf,
  query: QueryLike,
  channel: string,
  { queryKey, load, params, patch }: LiveQueryOptions<Data, Key>,
): LiveQuery {
  const { port } = channels
  const exactly = { queryKey, exact: true }
  /** A state that was fetched and is not in the cache yet. */
  let fetched: { readonly state: Data } | undefined
  /** Events that are not in the cache yet. */
  const events: EventFrame[] = []
  /** Settles the newest fetch of the cache, which waits for a state; the cache has cancelled the others. */
  let waiting: ((error?: unknown) => void) | undefined
  /** Whether a fetch of the cache has its result, and the cache may not have stored it yet. */
  let isLanding = false
  /** Whether the cache lacks events, until a state is fetched. */
  let isBehind = true
  /** Whether the application has cancelled the fetch: then the next result of `sync` is not stored. */
  let isDropped = false
  /** Whether events that arrived during a dropped fetch follow: they are in the cache already. */
  let isFolded = false
  /** Ends the present `load`. */
  let abort = (): void => {}
  let stop: (() => void) | undefined

  const synced = sync<Data>(channels, channel, {
    params,
    onError: (error) => (waiting ? settle(error) : port.report(error)),
    load: (signal) =>
      new Promise((resolve, reject) => {
        const control = new AbortController()
        abort = () => {
          control.abort()
          // Its state is not read: without a result `sync` would try again.
          resolve({ state: query.state.data as Data })
        }
        signal.onabort = abort
        if (isDropped) abort()
        else load(control.signal).then(resolve, reject)
      }),
    into: {
      reset(state) {
        queueMicrotask(flush)
        if (isDropped) {
          isDropped = false
          isFolded = true
          if (waiting) synced.refetch()
        } else {
          isBehind = false
          fetched = { state }
          events.length = 0
        }
      },
      fold(more) {
        if (isFolded) return
        events.push(...more)
        queueMicrotask(flush)
      },
      missed() {
        isBehind = true
        isDropped = false
        void client.invalidateQueries(exactly)
      },
    },
  })

  /** Makes the changes of all events of this task at once: of its calls, the first makes them. */
  function flush(): void {
    isFolded = false
    if (fetched) {
      // Also where a fetch waits for it: the fetch that the cache has replaced by another has no result.
      store()
      fetched = undefined
      isLanding = !!waiting
      settle()
    }
    if (waiting && query.state.fetchStatus === 'idle') {
      // The cache has cancelled its fetch, and begun no other.
      waiting = undefined
      isDropped = true
      abort()
    }
    // The result of a fetch would replace a change that is made before it is stored.
    isLanding &&= !waiting && query.state.fetchStatus === 'fetching'
    if (!events[0] || isLanding) return
    if (patch) store()
    else {
      events.length = 0
      if (!waiting) void client.invalidateQueries(exactly)
    }
  }

  /** Stores the state that was fetched, else that of the cache, with the events that have arrived. */
  function store(): void {
    client.setQueryData(queryKey, (data) => {
      // The cache holds what was stored under the key.
      let state = fetched ? fetched.state : (data as Data | undefined)
      for (const event of patch ? events.splice(0) : []) {
        try {
          if (state !== undefined) state = patch?.(state, event)
        } catch (error) {
          port.report(error)
        }
      }
      return state
    })
  }

  function settle(error?: unknown): void {
    waiting?.(error)
    waiting = undefined
  }

  /** Ends the fetch of the cache with the client. */
  function look(): void {
    const error = port.finalError?.()
    if (error) settle(error)
  }

  const unlisten = port.state.listen(look)
  const unfollow = client.getQueryCache().subscribe(({ type, query: changed }) => {
    if (changed !== query) return
    if (type === 'removed') {
      unlisten()
      unfollow()
      synced()
    } else if (query.getObserversCount()) stop ??= synced.start()
    else if (type === 'observerRemoved') {
      stop?.()
      stop = undefined
    }
    queueMicrotask(flush)
  })

  return {
    fetch: () =>
      new Promise((resolve, reject) => {
        waiting = (error) => (error ? reject(error) : resolve(query.state.data))
        stop ??= synced.start()
        synced.refetch()
        synced.ready.catch(settle)
        look()
      }),
    isFresh: () => !isBehind && /live|recov|ended/.test(synced.status.get().name),
  }
}
