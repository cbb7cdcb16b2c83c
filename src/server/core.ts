import { isWirefoldError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { loggable } from '../base/logger.ts'
import { safely } from '../base/report.ts'
import { Access } from './access.ts'
import type { Broker } from './broker.ts'
import { ChannelTable } from './channel-table.ts'
import { Counters } from './counters.ts'
import { Handlers } from './handlers.ts'
import { MemoryBroker } from './memory-broker.ts'
import { MemoryRates } from './memory-rates.ts'
import type { Session } from './mount.ts'
import type { RealtimeServerOptions, ResolvedServerOptions } from './options.ts'
import { resolveServerOptions } from './options.ts'
import { Publisher } from './publisher.ts'
import type { RateStore } from './rate-store.ts'
import { Roster } from './roster.ts'

/** What a server is made of, as its mounts and their connections see it. */
export interface ServerCore {
  readonly options: ResolvedServerOptions
  readonly broker: Broker
  readonly channels: ChannelTable
  readonly publisher: Publisher
  readonly access: Access
  readonly handlers: Handlers
  /** The sessions whose user is settled. */
  readonly roster: Roster
  /** Counts for the limits of users and addresses. */
  readonly rates: RateStore
  readonly counters: Counters
  /** Receives what happens; never throws. */
  readonly logger: Logger | undefined
  /** Takes an error that has no better destination; never throws. */
  report(error: unknown): void
}

/**
 * Makes what a server is made of.
 *
 * @param arrived called for every session whose user is settled
 */
export function createCore(
  options: RealtimeServerOptions,
  arrived: (session: Session) => void,
): ServerCore {
  const resolved = resolveServerOptions(options)
  const { clock, families, limits } = resolved
  const tell = safely(resolved.onError)
  const logger = quiet(resolved.logger, tell)
  const report = (error: unknown): void => {
    // Its message may quote what nobody is to read.
    logger?.('errors', isWirefoldError(error) ? loggable(error.code) : 'not ours')
    tell(error)
  }
  const broker = options.broker ?? new MemoryBroker({ clock })
  return {
    options: resolved,
    broker,
    channels: new ChannelTable(broker),
    publisher: new Publisher(broker, families),
    access: new Access({ ...resolved, report }),
    handlers: new Handlers(),
    roster: new Roster(limits.perUser.connections, arrived),
    rates: options.rates ?? new MemoryRates(clock),
    counters: new Counters(),
    logger,
    report,
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
