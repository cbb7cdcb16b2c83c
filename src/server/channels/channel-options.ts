import type { Clock } from '../../base/clock.ts'
import type { AccessOptions } from '../access/access-options.ts'
import type { ServerLimits } from '../access/limits.ts'
import type { Broker } from '../broker/broker.ts'
import type { BroadcastOverflow } from './publish-rate.ts'

/** The options of channels, in a server and in a stand-alone `ChannelManager`. */
export interface ChannelOptions {
  /**
   * How many events of one channel are published in a second; those of its family count where they
   * happened.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxBroadcastsPerSecond?: number | undefined
  /**
   * What happens to an event that is one too many: `drop` refuses it with `rate-limited`; `coalesce`
   * publishes the newest of each type in the next second, and refuses the others.
   * @default 'drop'
   */
  readonly broadcastOverflow?: BroadcastOverflow | undefined
  /**
   * The families: with `agent`, `agent:*` is a channel that carries the events of all `agent:…`.
   * @default none
   */
  readonly families?: readonly string[] | undefined
  /**
   * Keeps histories and connects servers; whoever passes one closes it.
   * @default a `MemoryBroker`, which the server closes
   */
  readonly broker?: Broker | undefined
  /**
   * Receives what hooks and handlers threw.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * Where time comes from.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/** How a `ChannelManager` is made; all of it means what it means for a server. */
export interface ChannelManagerOptions
  extends ChannelOptions,
    Pick<AccessOptions, 'authorize' | 'canReceive' | 'validateChannel'> {
  /** What one receiver may ask for. */
  readonly limits?: Pick<ServerLimits, 'subscriptions'> | undefined
}

/** The values of options that are not given. */
export const channelDefaults = {
  maxBroadcastsPerSecond: Number.POSITIVE_INFINITY,
  broadcastOverflow: 'drop',
  families: [] as readonly string[],
} as const
