import type { Refusal } from '../../base/errors.ts'
import { safely } from '../../base/report.ts'
import { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import { MemoryBroker } from '../broker/memory/memory-broker.ts'
import type { RealtimeServerOptions, ResolvedServerOptions } from '../options.ts'
import { resolveServerOptions } from '../options.ts'
import { LeaseKeeper } from '../presence/lease-keeper.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import { PublishContexts } from './publish-context.ts'
import { PublishRate } from './publish-rate.ts'
import { Publisher } from './publisher.ts'

/** What a channel manager and the server around it have in common. */
export interface ChannelParts {
  readonly options: ResolvedServerOptions
  readonly broker: Broker
  /** Whether the broker was made here, and so is closed here. */
  readonly ownsBroker: boolean
  readonly publisher: Publisher
  readonly cap: PublishRate
  readonly access: Access
  /** The members that the connections here have. */
  readonly attendance: LeaseKeeper
  /** The requests that are being carried out: what they publish is their own. */
  readonly ongoing: PublishContexts
  /** Hears what became of every subscribe; never throws. */
  readonly noted?: (
    receiver: ChannelReceiver,
    granted: readonly string[],
    refused: ReadonlyMap<string, Refusal>,
  ) => void
  /** Takes an error that has no better destination; never throws. */
  report(error: unknown): void
}

/** Makes the parts that options ask for. */
export function channelParts(given: RealtimeServerOptions): ChannelParts {
  const options = resolveServerOptions(given)
  const { clock, families, maxBroadcastsPerSecond, broadcastOverflow } = options
  const report = safely(options.onError)
  const broker = given.broker ?? new MemoryBroker({ clock })
  const access = new Access({ ...options, report })
  const cap = new PublishRate({
    clock,
    maxPerSecond: maxBroadcastsPerSecond,
    overflow: broadcastOverflow,
  })
  return {
    options,
    broker,
    ownsBroker: given.broker === undefined,
    publisher: new Publisher(broker, families, { access, cap }),
    cap,
    access,
    attendance: new LeaseKeeper({
      store: broker.presence,
      clock,
      timeoutMs: options.presence.timeoutMs,
      report,
    }),
    ongoing: new PublishContexts(),
    report,
  }
}
