import type { Subscriber } from './subscriber.ts'
import type { ChannelSync, SyncOptions } from './sync.ts'
import { sync } from './sync.ts'

/**
 * Fetches again when a channel has events, for events that do not carry the state: once for all
 * events of one task, and once more for those that arrive during a fetch.
 *
 * As with `sync`, it fetches at first when the channel is live, and after a gap; a fetch that rejects,
 * or does not settle in 30 s, is retried. It starts with `start()`, with the first follower of its
 * status, or with `ready`.
 *
 * @param refetch fetches the state and shows it, by the means that the application has
 * @example
 * import { refetchOn } from 'wirefold'
 *
 * const dashboard = refetchOn(channels, 'agent:*', (signal) => refetchAgents({ signal }))
 * const stop = dashboard.start()
 */
export function refetchOn(
  subscriber: Subscriber,
  channel: string,
  refetch: (signal: AbortSignal) => unknown,
  options: RefetchOptions = {},
): ChannelSync {
  const synced: ChannelSync = sync<unknown>(subscriber, channel, {
    ...options,
    load: async (signal) => ({ state: await refetch(signal) }),
    into: { reset() {}, fold: () => synced.refetch() },
  })
  return synced
}

/** Options of {@link refetchOn}. */
export interface RefetchOptions
  extends Pick<SyncOptions<unknown>, 'params' | 'signal' | 'onError'> {}
