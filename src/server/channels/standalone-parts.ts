import { systemClock } from '../../base/clock.ts'
import { printError, safely } from '../../base/report.ts'
import { Access } from '../access/access.ts'
import { peerAddress } from '../access/client-address.ts'
import { limitDefaults } from '../access/limits.ts'
import { MemoryBroker } from '../broker/memory/memory-broker.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { ChannelManagerOptions } from './channel-options.ts'
import { channelDefaults } from './channel-options.ts'
import { PresenceSweep } from './presence-sweep.ts'
import { PublishContexts } from './publish-context.ts'
import { PublishRate } from './publish-rate.ts'
import { Publisher } from './publisher.ts'

/** Creates the dependencies of a stand-alone `ChannelManager`. */
export function standaloneParts(options: ChannelManagerOptions): ChannelDeps {
  const { clock = systemClock, families = channelDefaults.families } = options
  const report = safely(options.onError ?? printError)
  const broker = options.broker ?? new MemoryBroker({ clock })
  const { authorize, canReceive, validateChannel } = options
  const access = new Access({
    ...{ authorize, canReceive, validateChannel, clock, report },
    // Not used: receivers have a user already, and no upgrade request.
    ...{ clientAddress: peerAddress, helloTimeoutMs: 0 },
  })
  const cap = new PublishRate({
    clock,
    maxPerSecond: options.maxBroadcastsPerSecond ?? channelDefaults.maxBroadcastsPerSecond,
    overflow: options.broadcastOverflow ?? channelDefaults.broadcastOverflow,
  })
  return {
    ...{ clock, broker, access, cap, report },
    ownsBroker: options.broker === undefined,
    publisher: new Publisher(broker, families, { access, cap }),
    sweep: new PresenceSweep({ store: broker.presence, clock, report }),
    ongoing: new PublishContexts(),
    maxSubscriptions: options.limits?.subscriptions ?? limitDefaults.subscriptions,
  }
}
