import type { Clock } from '../../base/clock.ts'
import type { AccessOptions } from '../access/access-options.ts'
import type { ServerLimits } from '../access/limits.ts'
import type { Broker } from '../broker/broker.ts'
import type { BroadcastOverflow } from './publish-rate.ts'

/** The options of channels, in a server and in a stand-alone `ChannelManager`. */
export interface ChannelOptions {
  /**
   * Maximum number of events published per second and channel. An event that a family also carries
   * counts for its own channel only.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxBroadcastsPerSecond?: number | undefined
  /**
   * Treatment of events above the limit: `drop` refuses them with `rate-limited`; `coalesce`
   * publishes the newest one of each type in the next second, and refuses the others.
   * @default 'drop'
   */
  readonly broadcastOverflow?: BroadcastOverflow | undefined
  /**
   * Names of channel families: with `agent`, the channel `agent:*` carries the events of all
   * channels `agent:…`.
   * @default none
   */
  readonly families?: readonly string[] | undefined
  /**
   * Keeps channel histories and connects servers. The caller closes a broker it passes.
   * @default a `MemoryBroker`, which the server closes
   */
  readonly broker?: Broker | undefined
  /**
   * Receives the errors that hooks and handlers throw.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * Source of time and timers.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/** The options of a stand-alone `ChannelManager`; they mean the same as for a server. */
export interface ChannelManagerOptions
  extends ChannelOptions,
    Pick<AccessOptions, 'authorize' | 'canReceive' | 'validateChannel'> {
  /** Limits of one receiver. */
  readonly limits?: Pick<ServerLimits, 'subscriptions'> | undefined
}

/** Default values of the options. */
export const channelDefaults = {
  maxBroadcastsPerSecond: Number.POSITIVE_INFINITY,
  broadcastOverflow: 'drop',
  families: [] as readonly string[],
} as const
