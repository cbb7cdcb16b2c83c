import type { Subscriber } from '../../channels/subscriber.ts'
import type { ChannelSync, sync as syncOf } from '../../channels/sync.ts'
import type { InvalidationOptions } from './invalidation.ts'
import { invalidation } from './invalidation.ts'
import type { LiveQuery, LiveQueryOptions } from './live-query.ts'
import { liveQuery } from './live-query.ts'
import type { QueryClientLike } from './query-client.ts'

/**
 * Connects the queries of a TanStack Query client with channels.
 *
 * @param client the `QueryClient`, of version 5.44 or later
 * @param syncChannel the function `sync` from `wirefold`
 * @example
 * import { QueryClient, QueryObserver } from '@tanstack/query-core'
 * import { sync } from 'wirefold'
 * import { queryBridge } from 'wirefold/tanstack-query'
 *
 * const queries = new QueryClient()
 * const bridge = queryBridge(queries, channels, sync)
 * const tasks = bridge.query('entity:Task', {
 *   queryKey: ['tasks'],
 *   load: async (signal) => ({ state: await fetchTasks({ signal }) }),
 *   patch(rows, { payload }) {
 *     const task = payload as Task   // check it first, where the backend is not your own
 *     return [...rows.filter(({ id }) => id !== task.id), task]
 *   },
 * })
 * new QueryObserver(queries, tasks).subscribe(({ data }) => render(data))   // in React: useQuery(tasks)
 */
export function queryBridge(
  client: QueryClientLike,
  channels: Subscriber,
  syncChannel: typeof syncOf,
): QueryBridge {
  const live = new WeakMap<object, LiveQuery>()

  return {
    query: (channel, options) => ({
      queryKey: options.queryKey,
      // Its result is the state of `load`, or what the application has set under the key.
      queryFn({ signal, queryKey }) {
        // Of a query whose signal was read, the cache cancels the fetch with its last observer.
        const query = client.getQueryCache().find({ queryKey, exact: true })
        // The cache has every query that it fetches.
        if (!query) return options.load(signal).then(({ state }) => state)
        const one =
          live.get(query) ?? liveQuery(client, channels, syncChannel, query, channel, options)
        live.set(query, one)
        return one.fetch() as Promise<never>
      },
      staleTime: (query) => (live.get(query)?.isFresh() ? Number.POSITIVE_INFINITY : 0),
    }),
    invalidate: (channel, options) => invalidation(client, channels, syncChannel, channel, options),
  }
}

/** A bridge between the queries of one client and the channels of another. */
export interface QueryBridge {
  /**
   * Returns options for `useQuery` and the like, with which a query is in step with a channel while it
   * has observers.
   *
   * The query is fetched by `load` once the channel is live, and again after a gap; events that arrive
   * during a fetch are applied to its result. It is not stale meanwhile, so that the cache fetches it
   * neither for a new observer nor after a reconnect.
   */
  query<Data, const Key extends readonly unknown[]>(
    channel: string,
    options: LiveQueryOptions<Data, Key>,
  ): BridgedQuery<Data, Key>
  /**
   * Invalidates queries by the events of a channel: each key once for all events of one task, and once
   * more for those that arrive while its queries are fetched. Begins with `start()`.
   */
  invalidate(channel: string, options: InvalidationOptions): ChannelSync
}

/** Options of a query, for `useQuery` and the like. */
export interface BridgedQuery<Data, Key extends readonly unknown[]> {
  /** The key of the query. */
  readonly queryKey: Key
  /** Fetches the data; rejects as the given `queryFn` does. */
  readonly queryFn: (context: {
    readonly signal: AbortSignal
    readonly queryKey: Key
  }) => Promise<Data>
  /**
   * Returns the age at which the data is fetched again, in milliseconds: never while the channel is
   * live.
   */
  readonly staleTime: (query: object) => number
}
