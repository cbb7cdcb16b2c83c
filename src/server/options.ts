import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { debugLogger } from '../base/logger.ts'
import { printError } from '../base/report.ts'
import type { ClientAddress } from './access/client-address.ts'
import { peerAddress } from './access/client-address.ts'
import type {
  Authenticate,
  Authorize,
  CanConnect,
  CanReceive,
  CanSee,
  ValidateChannel,
} from './access/hooks.ts'
import type { ResolvedLimits, ServerLimits } from './access/limits.ts'
import { limitDefaults, resolveLimits } from './access/limits.ts'
import type { Broker } from './broker/broker.ts'
import type { RateStore } from './broker/rate-store.ts'
import type { BroadcastOverflow } from './channels/publish-rate.ts'
import type { OriginRules } from './http/origins.ts'
import type { ResolvedPresence, ServerPresenceOptions } from './presence/presence-options.ts'
import { presenceDefaults, resolvePresence } from './presence/presence-options.ts'

/** How a `RealtimeServer` is made. */
export interface RealtimeServerOptions {
  /**
   * Asked with the upgrade request, its cookies and headers, before there is a socket. Throwing,
   * anything but `true`, or no answer within 5 seconds is a no, which the peer hears as 401. Who is
   * there is told by `authenticate` all the same.
   * @default everybody may try
   */
  readonly canConnect?: CanConnect | undefined
  /**
   * Tells who is there: asked when a client greets, and when it renews its credentials. Throwing is a
   * refusal, and so is no answer within `helloTimeoutMs`.
   * @default everybody is anonymous
   */
  readonly authenticate?: Authenticate | undefined
  /**
   * Asked about every name of a channel a client gives, before anybody is asked for rights. Throwing
   * is a no, and the client hears `bad-channel`.
   * @default every name is fine
   * @example
   * validateChannel: (name) => !name.startsWith('session:') || UUID.test(name.slice(8))
   */
  readonly validateChannel?: ValidateChannel | undefined
  /**
   * Asked before every subscribe and publish, before somebody is somewhere or tells another meta, and
   * before requests that name a channel. Throwing, anything but `true`, or no answer within 5 seconds
   * is a no. Subscribing to `user:<id>` is refused
   * to everybody but that user before this is asked.
   * @default everything is allowed but publishing
   */
  readonly authorize?: Authorize | undefined
  /**
   * Asked for every event and every subscriber it is due to. Throwing is a no. What is kept from a
   * subscriber leaves no hole: they are told which event they got before.
   * @default every subscriber gets every event
   */
  readonly canReceive?: CanReceive | undefined
  /**
   * Asked for every user at a resource and everybody who watches it. Throwing is a no. Users always
   * see themselves.
   * @default whoever may watch sees everybody
   */
  readonly canSee?: CanSee | undefined
  /** How long somebody counts as being somewhere. */
  readonly presence?: ServerPresenceOptions | undefined
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
   * The origins whose pages may connect, as `https://app.example.com`, compared exactly; `*` for all.
   * @default every origin; where `NODE_ENV` is `production` the server refuses to start
   */
  readonly origins?: readonly string[] | '*' | undefined
  /**
   * Whether `Origin: null`, which sandboxed frames and files send, is let through although there are
   * `origins`.
   * @default false
   */
  readonly allowNullOrigin?: boolean | undefined
  /**
   * Whether a request without an `Origin`, which comes from no page, is let through.
   * @default true
   */
  readonly allowMissingOrigin?: boolean | undefined
  /**
   * Tells whose limits a connection counts for. Behind a proxy that sets it, this reads the last entry
   * of `X-Forwarded-For`.
   * @default the peer's address, unless that is of this machine or a private network
   */
  readonly clientAddress?: ClientAddress | undefined
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
   * How long a connection may take to say who it is, in milliseconds.
   * @default 10_000
   */
  readonly helloTimeoutMs?: number | undefined
  /**
   * How often the server wants to hear from a client, in milliseconds.
   * @default 25_000
   */
  readonly heartbeatMs?: number | undefined
  /** What connections, users and addresses may ask for, and how long answers are kept. */
  readonly limits?: ServerLimits | undefined
  /**
   * Counts for the limits of users and addresses; servers that share one share the limits.
   * @default the broker's, or in memory where it has none
   */
  readonly rates?: RateStore | undefined
  /**
   * Receives what happens, for finding faults: never payloads or tokens.
   * @default none, or `console.debug` where `DEBUG` asks for `wirefold:*`
   */
  readonly logger?: Logger | undefined
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

/** The values of options that are not given. */
export const serverDefaults = {
  maxBroadcastsPerSecond: Number.POSITIVE_INFINITY,
  broadcastOverflow: 'drop',
  allowNullOrigin: false,
  allowMissingOrigin: true,
  clientAddress: peerAddress,
  families: [] as readonly string[],
  helloTimeoutMs: 10_000,
  heartbeatMs: 25_000,
  limits: limitDefaults,
  presence: presenceDefaults,
  onError: printError,
  clock: systemClock,
} as const

/** Options with nothing left open; `undefined` where that means something. */
export interface ResolvedServerOptions extends OriginRules {
  readonly canConnect: CanConnect | undefined
  readonly authenticate: Authenticate | undefined
  readonly validateChannel: ValidateChannel | undefined
  readonly authorize: Authorize | undefined
  readonly canReceive: CanReceive | undefined
  readonly maxBroadcastsPerSecond: number
  readonly broadcastOverflow: BroadcastOverflow
  readonly clientAddress: ClientAddress
  readonly canSee: CanSee | undefined
  readonly presence: ResolvedPresence
  readonly families: readonly string[]
  readonly helloTimeoutMs: number
  readonly heartbeatMs: number
  readonly limits: ResolvedLimits
  readonly logger: Logger | undefined
  readonly onError: (error: unknown) => void
  readonly clock: Clock
}

/** Fills in the defaults; an explicit `undefined` keeps them. */
export function resolveServerOptions(options: RealtimeServerOptions): ResolvedServerOptions {
  return {
    canConnect: options.canConnect,
    authenticate: options.authenticate,
    validateChannel: options.validateChannel,
    authorize: options.authorize,
    canReceive: options.canReceive,
    maxBroadcastsPerSecond: options.maxBroadcastsPerSecond ?? serverDefaults.maxBroadcastsPerSecond,
    broadcastOverflow: options.broadcastOverflow ?? serverDefaults.broadcastOverflow,
    canSee: options.canSee,
    presence: resolvePresence(options.presence),
    origins: options.origins,
    allowNullOrigin: options.allowNullOrigin ?? serverDefaults.allowNullOrigin,
    allowMissingOrigin: options.allowMissingOrigin ?? serverDefaults.allowMissingOrigin,
    clientAddress: options.clientAddress ?? serverDefaults.clientAddress,
    families: options.families ?? serverDefaults.families,
    helloTimeoutMs: options.helloTimeoutMs ?? serverDefaults.helloTimeoutMs,
    heartbeatMs: options.heartbeatMs ?? serverDefaults.heartbeatMs,
    limits: resolveLimits(options.limits),
    logger: options.logger ?? debugLogger(process.env.DEBUG ?? ''),
    onError: options.onError ?? serverDefaults.onError,
    clock: options.clock ?? serverDefaults.clock,
  }
}
