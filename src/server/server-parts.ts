import { isWirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { lazy } from '../base/lazy.ts'
import type { Logger } from '../base/logger.ts'
import { loggable } from '../base/logger.ts'
import { printWarning, reportRejection, safely } from '../base/report.ts'
import { Access } from './access/access.ts'
import type { Broker } from './broker/broker.ts'
import { MemoryBroker } from './broker/memory/memory-broker.ts'
import { MemoryRates } from './broker/memory/memory-rates.ts'
import { ChannelManager } from './channels/channel-manager.ts'
import { PublishContexts } from './channels/publish-context.ts'
import { PublishRate } from './channels/publish-rate.ts'
import { Publisher } from './channels/publisher.ts'
import { ContractChecks } from './contract/contract-checks.ts'
import { Counters } from './metrics/counters.ts'
import type { RealtimeServerOptions, ResolvedServerOptions } from './options.ts'
import { resolveServerOptions } from './options.ts'
import { LeaseKeeper } from './presence/lease-keeper.ts'
import { RequestHandlers } from './requests/request-handlers.ts'
import { RequestSlots } from './requests/request-slots.ts'
import { eventTag } from './requests/sender.ts'
import { AuthAttempts } from './session/auth-attempts.ts'
import { authenticate } from './session/authenticate.ts'
import { DialectSession } from './session/dialect-session.ts'
import type { DialectSessionDeps } from './session/dialect-session-deps.ts'
import { InboundLimiter } from './session/inbound-limiter.ts'
import type { MountHost, MountSession } from './session/mount.ts'
import { PresenceBudget } from './session/presence-budget.ts'
import { SessionRegistry } from './session/session-registry.ts'
import { SharedRates } from './session/shared-rates.ts'
import { UserCommands } from './session/user-commands.ts'
import { settledWithin } from './settled-within.ts'
import { Tick } from './socket/frame-batch.ts'
import { MessageParts } from './socket/message-parts.ts'
import type { OutboundQueueDeps } from './socket/outbound-queue.ts'

/** Maximum time that the end of a server waits for the steps of mounts, in milliseconds. */
const FINISH_MS = 5_000

/** The parts of a server that `RealtimeServer` and `WebSocketManager` share. */
export interface ServerParts {
  readonly options: ResolvedServerOptions
  readonly broker: Broker
  readonly access: Access
  /** Checks values by the contract, if the server has one. */
  readonly checks: ContractChecks | undefined
  readonly channels: ChannelManager
  readonly handlers: RequestHandlers
  /** The running requests, to which the events published by their handlers belong. */
  readonly ongoing: PublishContexts
  /** The presence members of this server's connections. */
  readonly leases: LeaseKeeper
  readonly sessions: SessionRegistry
  /** Limits the checks of credentials. */
  readonly attempts: AuthAttempts
  /** Carries commands about users to and from other servers. */
  readonly users: UserCommands
  readonly counters: Counters
  readonly outbound: OutboundQueueDeps
  /** Resolves once the steps that mounts have under way are done, or after {@link FINISH_MS}. */
  finished(): Promise<unknown>
  /** The services that mounts use. */
  readonly host: MountHost
  /** Receives log messages; never throws. */
  readonly logger: Logger | undefined
  /** Receives errors that no caller receives; never throws. */
  report(error: unknown): void
}

/**
 * Creates the parts of a server and connects them.
 *
 * @param arrived called for every session once its user is known
 */
export function serverParts(
  given: RealtimeServerOptions,
  arrived: (session: MountSession) => void,
): ServerParts {
  const options = resolveServerOptions(given)
  const { clock, limits, presence, helloTimeoutMs, heartbeatMs, onError } = options
  const logger = quiet(options.logger, safely(onError))
  const report = safely((error: unknown) => {
    // Only the code: the message may quote payloads, which must not be logged.
    logger?.('errors', isWirefoldError(error) ? loggable(error.code) : 'error without a code')
    return onError(error)
  })
  const counters = new Counters()
  const broker: Broker = given.broker ?? new MemoryBroker({ clock })
  const { replies } = broker
  const rates = given.rates ?? broker.rates ?? new MemoryRates(clock)
  const port = options.contract?.['~wirefold']
  const rules = port?.rules
  const named = options.unlisted === 'refuse' ? rules : undefined
  const access = new Access({ ...options, report, lists: named && ((name) => named.lists(name)) })
  const { deadlines } = access
  const checked = options.validate === 'never' ? undefined : rules
  const checks =
    checked &&
    new ContractChecks({
      ...{ rules: checked, deadlines, counters },
      log: logger && ((message) => logger('requests', message)),
    })
  const cap = new PublishRate({
    clock,
    maxPerSecond: options.maxBroadcastsPerSecond,
    overflow: options.broadcastOverflow,
  })
  const publisher = new Publisher(broker, options.families, { access, cap, checks })
  const ongoing = new PublishContexts()
  const handlers = new RequestHandlers()
  const leases = new LeaseKeeper({
    ...{ store: broker.presence, clock, report },
    timeoutMs: presence.timeoutMs,
  })
  const sharedRates = new SharedRates({ store: rates, clock, report })
  const budget = new PresenceBudget({
    ...{ store: rates, rates: sharedRates, clock, report },
    perSecond: limits.perUser.presenceBytesPerSecond,
  })
  const channels = new ChannelManager(given, {
    ...{ clock, broker, access, publisher, cap, ongoing, report },
    ownsBroker: given.broker === undefined,
    sweep: leases,
    metered: ({ countsFor }, read) => budget.read(countsFor, read),
    maxSubscriptions: limits.subscriptions,
    noted: ({ id = 'a receiver' }, granted, refused) => {
      for (const { code } of refused.values()) counters.refused(code)
      for (const name of granted) logger?.('channels', `${id} subscribed to ${loggable(name)}`)
      for (const [name, { code }] of refused) {
        logger?.('channels', `${id} refused ${loggable(name)}: ${code}`)
      }
    },
  })
  const sessions = new SessionRegistry(limits.perUser.connections, arrived)
  const users = new UserCommands({
    ...{ broker: given.broker, clock, report },
    run: (command) => {
      const { userId } = command
      if (command.kind === 'revoke') channels.revoke({ id: userId }, command.channel)
      else sessions.disconnectUser(userId, command.code, command.reason)
    },
  })
  const failuresPerMinute = limits.perAddress.authFailuresPerMinute
  const attempts = new AuthAttempts({ clock, most: failuresPerMinute, patienceMs: helloTimeoutMs })
  const credentials = { access, attempts, rates, clock, failuresPerMinute, report }
  const limiter = { limits, rates: sharedRates, clock }
  const ownSecret = lazy(randomId)
  const dialectSession: DialectSessionDeps = {
    ...{ clock, helloTimeoutMs, channels, sessions, limiter, counters, report },
    silence: presence,
    authenticate: (request, token, wanted) =>
      sessions.checked(() => authenticate(credentials, request, token, wanted)),
    eventTag: (sender) => eventTag(broker.secret ?? ownSecret(), sender),
    writer: {
      ...{ clock, heartbeatMs, limits, replies, counters, logger },
      contract: () => port?.fingerprint,
    },
    parts: new MessageParts(),
    requests: {
      ...{ clock, access, publisher, ongoing, handlers, replies, counters, checks, report },
      dedupeMs: limits.dedupeMs,
      mostRunning: limits.runningRequests,
      slots: new RequestSlots(limits.runningRequestsInAll),
    },
    presence: {
      ...{ access, leases, checks, report },
      listsResource: named && ((resource) => named.listsResource(resource)),
      graceMs: presence.graceMs,
      maxMembers: limits.subscriptions,
      refused: (code) => counters.refused(code),
      charge: (userId, bytes) => budget.take(`:${userId}`, bytes),
    },
  }
  const steps = new Set<Promise<void>>()
  const host: MountHost = {
    ...{ clock, broker, channels, helloTimeoutMs, report },
    authenticate: dialectSession.authenticate,
    openSession: (dialect, socket, request, sessionOptions) =>
      new DialectSession(dialectSession, socket, dialect, request, sessionOptions),
    authorize: (user, channel, action) => access.authorize(user, channel, action),
    admit: (session, user) => sessions.admit(session, user),
    leave: (session) => sessions.leave(session),
    limiter: (address) => new InboundLimiter(limiter, address),
    refused: (code) => counters.refused(code),
    finish(step) {
      const noted = step.catch(report).finally(() => steps.delete(noted))
      steps.add(noted)
    },
    log: (message) => logger?.('connection', message),
    warn: printWarning,
  }
  return {
    ...{ options, broker, access, channels, handlers, ongoing, leases, sessions, counters },
    ...{ attempts, users, checks },
    ...{ host, logger, report },
    finished: () => settledWithin(clock, FINISH_MS, [...steps]),
    outbound: { clock, tick: new Tick(), counts: { slow: 0, withheld: 0 } },
  }
}

/** Whether the process says that it is in production. */
export function isProduction(): boolean {
  return process.env.NODE_ENV === 'production'
}

/** Wraps a logger so that it never throws or rejects. */
function quiet(logger: Logger | undefined, report: (error: unknown) => void): Logger | undefined {
  if (!logger) return undefined
  return (area, message) => {
    try {
      reportRejection(logger(area, message), report)
    } catch (error) {
      report(error)
    }
  }
}
