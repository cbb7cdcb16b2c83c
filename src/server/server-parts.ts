import { isWirefoldError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { loggable } from '../base/logger.ts'
import { safely } from '../base/report.ts'
import { Access } from './access/access.ts'
import type { Broker } from './broker/broker.ts'
import { MemoryBroker } from './broker/memory/memory-broker.ts'
import { MemoryRates } from './broker/memory/memory-rates.ts'
import type { RateStore } from './broker/rate-store.ts'
import { ChannelManager } from './channels/channel-manager.ts'
import { PublishContexts } from './channels/publish-context.ts'
import { PublishRate } from './channels/publish-rate.ts'
import { Publisher } from './channels/publisher.ts'
import { Counters } from './metrics/counters.ts'
import type { RealtimeServerOptions, ResolvedServerOptions } from './options.ts'
import { resolveServerOptions } from './options.ts'
import { LeaseKeeper } from './presence/lease-keeper.ts'
import { RequestHandlers } from './requests/request-handlers.ts'
import type { MountSession } from './session/mount.ts'
import { Roster } from './session/roster.ts'
import type { OutboundQueueDeps } from './socket/outbound-queue.ts'
import { Tick } from './socket/tick.ts'

/** What a server is made of, as its mounts and their connections see it. */
export interface ServerCore {
  readonly options: ResolvedServerOptions
  readonly broker: Broker
  readonly access: Access
  readonly publisher: Publisher
  /** The requests whose handlers run: what they publish is their own. */
  readonly ongoing: PublishContexts
  /** The members that the connections here have. */
  readonly attendance: LeaseKeeper
  /** Receives errors that no caller receives; never throws. */
  report(error: unknown): void
  readonly channels: ChannelManager
  readonly handlers: RequestHandlers
  /** The sessions whose user is settled. */
  readonly roster: Roster
  /** Counts for the limits of users and addresses. */
  readonly rates: RateStore
  readonly counters: Counters
  readonly outlets: OutboundQueueDeps
  /** Receives what happens; never throws. */
  readonly logger: Logger | undefined
}

/**
 * Makes what a server is made of.
 *
 * @param arrived called for every session whose user is settled
 */
export function createCore(
  options: RealtimeServerOptions,
  arrived: (session: MountSession) => void,
): ServerCore {
  const resolved = resolveServerOptions(options)
  const { clock, limits, onError } = resolved
  const logger = quiet(resolved.logger, safely(onError))
  const report = safely((error: unknown) => {
    // Its message may quote what the log must not contain.
    logger?.('errors', isWirefoldError(error) ? loggable(error.code) : 'not ours')
    onError(error)
  })
  const broker: Broker = options.broker ?? new MemoryBroker({ clock })
  const access = new Access({ ...resolved, report })
  const cap = new PublishRate({
    clock,
    maxPerSecond: resolved.maxBroadcastsPerSecond,
    overflow: resolved.broadcastOverflow,
  })
  const publisher = new Publisher(broker, resolved.families, { access, cap })
  const ongoing = new PublishContexts()
  const { timeoutMs } = resolved.presence
  const attendance = new LeaseKeeper({ store: broker.presence, clock, timeoutMs, report })
  const counters = new Counters()
  const channels = new ChannelManager(options, {
    ...{ clock, broker, access, publisher, cap, ongoing, report },
    ownsBroker: options.broker === undefined,
    sweep: attendance,
    maxSubscriptions: limits.subscriptions,
    noted: ({ id = 'somebody' }, granted, refused) => {
      for (const { code } of refused.values()) counters.refused(code)
      for (const name of granted) logger?.('channels', `${id} subscribed to ${loggable(name)}`)
      for (const [name, { code }] of refused) {
        logger?.('channels', `${id} refused ${loggable(name)}: ${code}`)
      }
    },
  })
  return {
    ...{ options: resolved, broker, access, publisher, ongoing, attendance, report },
    channels,
    handlers: new RequestHandlers(),
    roster: new Roster(limits.perUser.connections, arrived),
    rates: options.rates ?? broker.rates ?? new MemoryRates(clock),
    counters,
    outlets: { clock, tick: new Tick(), counts: { slow: 0, withheld: 0, cut: 0 } },
    logger,
  }
}

/** A logger that does not throw. */
function quiet(logger: Logger | undefined, report: (error: unknown) => void): Logger | undefined {
  if (!logger) return undefined
  return (area, message) => {
    try {
      logger(area, message)
    } catch (error) {
      report(error)
    }
  }
}
