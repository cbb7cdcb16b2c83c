import { isWirefoldError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { loggable } from '../base/logger.ts'
import { safely } from '../base/report.ts'
import { MemoryRates } from './broker/memory/memory-rates.ts'
import type { RateStore } from './broker/rate-store.ts'
import { ChannelManager } from './channels/channel-manager.ts'
import type { ChannelParts } from './channels/standalone-parts.ts'
import { channelParts } from './channels/standalone-parts.ts'
import { Counters } from './metrics/counters.ts'
import type { RealtimeServerOptions } from './options.ts'
import { resolveServerOptions } from './options.ts'
import { RequestHandlers } from './requests/request-handlers.ts'
import type { MountSession } from './session/mount.ts'
import { Roster } from './session/roster.ts'
import type { OutboundQueueDeps } from './socket/outbound-queue.ts'
import { Tick } from './socket/tick.ts'

/** What a server is made of, as its mounts and their connections see it. */
export interface ServerCore extends ChannelParts {
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
  const { onError, ...resolved } = resolveServerOptions(options)
  const logger = quiet(resolved.logger, safely(onError))
  const parts = channelParts({
    ...options,
    onError: (error) => {
      // Its message may quote what nobody is to read.
      logger?.('errors', isWirefoldError(error) ? loggable(error.code) : 'not ours')
      onError(error)
    },
  })
  const { clock, limits } = resolved
  const counters = new Counters()
  const channels = new ChannelManager(options, {
    ...parts,
    noted: ({ id = 'somebody' }, granted, refused) => {
      for (const { code } of refused.values()) counters.refused(code)
      for (const name of granted) logger?.('channels', `${id} subscribed to ${loggable(name)}`)
      for (const [name, { code }] of refused) {
        logger?.('channels', `${id} refused ${loggable(name)}: ${code}`)
      }
    },
  })
  return {
    ...parts,
    channels,
    handlers: new RequestHandlers(),
    roster: new Roster(limits.perUser.connections, arrived),
    rates: options.rates ?? parts.broker.rates ?? new MemoryRates(clock),
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
