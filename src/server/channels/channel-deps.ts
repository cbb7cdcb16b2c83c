import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import type { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { PublishContexts } from './publish-context.ts'
import type { PublishRate } from './publish-rate.ts'
import type { Publisher } from './publisher.ts'

/** Removes the members whose lease expired, again and again. */
export interface MemberSweep {
  /** Starts to sweep; safe to call twice. */
  begin(): void
  /** Stops for good. */
  close(): void
}

/** The dependencies of a `ChannelManager` and of the subscriptions it makes. */
export interface ChannelDeps {
  readonly clock: Clock
  readonly broker: Broker
  /** Whether the manager closes the broker. */
  readonly ownsBroker: boolean
  readonly publisher: Publisher
  readonly cap: PublishRate
  readonly access: Access
  /** Begins where a receiver subscribes to a presence channel. */
  readonly sweep: MemberSweep
  /** The requests whose handlers run: what they publish is their own. */
  readonly ongoing: PublishContexts
  /** The most channels one receiver is subscribed to. */
  readonly maxSubscriptions: number
  /** Receives the result of every subscribe; never throws. */
  readonly noted?: (
    receiver: ChannelReceiver,
    granted: readonly string[],
    refused: ReadonlyMap<string, Refusal>,
  ) => void
  /** Receives errors that no caller receives; never throws. */
  report(error: unknown): void
}
