import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import type { OptionKind, OtherNames } from '../base/known-names.ts'
import { checkKinds, checkNames } from '../base/known-names.ts'
import type { Logger } from '../base/logger.ts'
import { debugLogger } from '../base/logger.ts'
import { printError } from '../base/report.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { AccessOptions } from './access/access-options.ts'
import type { ClientAddress } from './access/client-address.ts'
import { peerAddress } from './access/client-address.ts'
import type { ResolvedLimits, ServerLimits } from './access/limits.ts'
import { limitDefaults, resolveLimits } from './access/limits.ts'
import type { RateStore } from './broker/rate-store.ts'
import type { ChannelOptions } from './channels/channel-options.ts'
import { channelDefaults } from './channels/channel-options.ts'
import type { BroadcastOverflow } from './channels/publish-rate.ts'
import type { ResolvedContract, ServerContractOptions } from './contract/contract-options.ts'
import { contractDefaults, resolveContract } from './contract/contract-options.ts'
import type { OriginRules } from './http/origins.ts'
import type { ResolvedPresence, ServerPresenceOptions } from './presence/presence-options.ts'
import { presenceDefaults, resolvePresence } from './presence/presence-options.ts'

/** Options of a `RealtimeServer`. */
export interface RealtimeServerOptions<C extends Untyped = Untyped>
  extends AccessOptions,
    ChannelOptions,
    ServerContractOptions<C> {
  /** Times after which members of presence are removed. */
  readonly presence?: ServerPresenceOptions | undefined
  /**
   * Origins whose pages may connect, such as `https://app.example.com`, compared exactly; `*` for all.
   * @default those of this machine, and that of the `Host` which the request names, with a warning;
   * where `NODE_ENV` is `production` the server refuses to start
   */
  readonly origins?: readonly string[] | '*' | undefined
  /**
   * Whether `Origin: null`, which sandboxed frames and local files send, is allowed in addition to
   * `origins`.
   * @default false
   */
  readonly allowNullOrigin?: boolean | undefined
  /**
   * Whether a request without an `Origin`, which browsers always send, is allowed.
   * @default true
   */
  readonly allowMissingOrigin?: boolean | undefined
  /**
   * Time within which a connection has to authenticate, in milliseconds.
   * @default 10_000
   */
  readonly helloTimeoutMs?: number | undefined
  /**
   * Interval at which clients send heartbeats, in milliseconds.
   * @default 25_000
   */
  readonly heartbeatMs?: number | undefined
  /** Limits per connection, user and address, and how long replies are kept for retries. */
  readonly limits?: ServerLimits | undefined
  /**
   * Counters for the limits per user and address; servers that share a store share the limits.
   * @default the broker's, or in memory where it has none
   */
  readonly rates?: RateStore | undefined
  /**
   * Receives log messages for debugging; they never contain payloads or tokens.
   * @default none, or `console.debug` where `DEBUG` asks for `wirefold:*`
   */
  readonly logger?: Logger | undefined
}

/** Default values of {@link RealtimeServerOptions}. */
export const serverDefaults = {
  ...channelDefaults,
  ...contractDefaults,
  allowNullOrigin: false,
  allowMissingOrigin: true,
  clientAddress: peerAddress,
  helloTimeoutMs: 10_000,
  heartbeatMs: 25_000,
  limits: limitDefaults,
  presence: presenceDefaults,
  onError: printError,
  clock: systemClock,
} as const

/** Options with the defaults filled in; hooks and `origins` may still be `undefined`. */
export interface ResolvedServerOptions extends OriginRules, AccessOptions, ResolvedContract {
  readonly maxBroadcastsPerSecond: number
  readonly broadcastOverflow: BroadcastOverflow
  readonly clientAddress: ClientAddress
  readonly presence: ResolvedPresence
  readonly families: readonly string[]
  readonly helloTimeoutMs: number
  readonly heartbeatMs: number
  readonly limits: ResolvedLimits
  readonly logger: Logger | undefined
  readonly onError: (error: unknown) => void
  readonly clock: Clock
}

/** The options that a wrong value would break only later. */
const KINDS = {
  ...{ canConnect: 'function', authenticate: 'function', validateChannel: 'function' },
  ...{ authorize: 'function', canReceive: 'function', canSee: 'function' },
  ...{ clientAddress: 'function', logger: 'function', onError: 'function' },
  ...{ helloTimeoutMs: 'number', heartbeatMs: 'number', maxBroadcastsPerSecond: 'number' },
} as const satisfies Partial<Record<keyof RealtimeServerOptions, OptionKind>>

/** Options of other libraries. */
const OTHERS: OtherNames = [
  [/ping|alive/i, 'heartbeatMs'],
  [/cors|origin/i, 'origins'],
  [/verify|middleware/i, 'canConnect or authenticate'],
  [/auth/i, 'authenticate'],
  [/payload|rate_?limit|maxconn/i, 'limits'],
  [/redis|adapter/i, 'broker'],
]

/**
 * Fills in the defaults, also for options that are explicitly `undefined`. Throws `bad-option` for
 * an option of an unknown name.
 */
export function resolveServerOptions(options: RealtimeServerOptions): ResolvedServerOptions {
  const resolved = {
    ...resolveContract(options),
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
  checkNames('The server', options, { ...resolved, broker: 0, rates: 0 }, OTHERS)
  checkKinds('the server', options, KINDS)
  return resolved
}
