import type { Subscriber } from '../../channels/subscriber.ts'
import type { ChannelSync, SyncOptions, sync as syncOf } from '../../channels/sync.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import type { QueryClientLike, QueryKey, QueryLike } from './query-client.ts'

/** Options of a channel whose events invalidate queries. */
export interface InvalidationOptions
  extends Pick<SyncOptions<unknown>, 'params' | 'signal' | 'onError'> {
  /**
   * The keys that the channel concerns, or their beginnings. All are invalidated when events may have
   * been missed: when the channel becomes live, and after a gap.
   */
  readonly queryKeys: readonly QueryKey[]
  /**
   * Returns the keys, or their beginnings, that an event invalidates.
   * @default all of `queryKeys`
   */
  readonly keysOf?: ((event: EventFrame) => readonly QueryKey[]) | undefined
}

/** Invalidates queries by the events of a channel: each key once for all events of one task. */
export function invalidation(
  client: QueryClientLike,
  channels: Subscriber,
  sync: typeof syncOf,
  channel: string,
  { queryKeys, keysOf = () => queryKeys, ...options }: InvalidationOptions,
): ChannelSync {
  /** The keys that are not invalidated yet, by their JSON. */
  const due = new Map<string, QueryKey>()
  const add = (keys: readonly QueryKey[]): void => {
    for (const key of keys) due.set(JSON.stringify(key), key)
  }

  async function invalidate(queryKey: QueryKey): Promise<void> {
    // A query without data continues a fetch that began before the event: it needs another.
    const predicate = ({ state }: QueryLike) => state.data === undefined
    const isContinued = client.isFetching({ queryKey, predicate })
    await client.invalidateQueries({ queryKey })
    if (isContinued) await client.invalidateQueries({ queryKey })
  }

  add(queryKeys)
  const synced: ChannelSync = sync<unknown>(channels, channel, {
    ...options,
    async load() {
      const keys = [...due.values()]
      due.clear()
      return { state: await Promise.all(keys.map(invalidate)) }
    },
    into: {
      reset() {},
      fold(events) {
        add(events.flatMap(keysOf))
        synced.refetch()
      },
      missed: () => add(queryKeys),
    },
  })
  return synced
}
