import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import type { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { PublishContexts } from './publish-context.ts'
import type { PublishRate } from './publish-rate.ts'
import type { Publisher } from './publisher.ts'

/** The dependencies of a `ChannelManager` and its `Subscriptions`. */
export interface ChannelDeps {
  readonly clock: Clock
  readonly broker: Broker
  /** Whether the manager closes the broker. */
  readonly ownsBroker: boolean
  readonly publisher: Publisher
  readonly cap: PublishRate
  readonly access: Access
  /** Started at the first subscribe to a presence channel. */
  readonly sweep: MemberSweep
  /** The requests whose handlers run; events that these publish belong to the request. */
  readonly ongoing: PublishContexts
  /**
   * Reads presence for a receiver and counts the bytes, or refuses it without a read; without it,
   * nothing is counted. Rejects with the error of the read.
   */
  readonly metered?: <T extends { readonly bytes: number } | Refusal>(
    receiver: ChannelReceiver,
    read: () => Promise<T>,
  ) => Promise<T | Refusal>
  /** Maximum number of channels per receiver. */
  readonly maxSubscriptions: number
  /** Receives the result of every subscribe; never throws. */
  readonly noted?: (
    receiver: ChannelReceiver,
    granted: readonly string[],
    refused: ReadonlyMap<string, Refusal>,
  ) => void
  /** Receives errors that are not passed to a caller; never throws. */
  report(error: unknown): void
}

/** A periodic task that removes the members whose lease expired. */
export interface MemberSweep {
  /** Starts sweeping; safe to call twice. */
  begin(): void
  /** Stops sweeping; it cannot be started again. */
  close(): void
}
