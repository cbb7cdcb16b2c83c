import type { BackoffOptions } from '../base/backoff.ts'
import { backoffDefaults } from '../base/backoff.ts'
import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { badOption } from '../base/errors.ts'
import type { OtherNames } from '../base/known-names.ts'
import { checkNames, withDefaults } from '../base/known-names.ts'
import { lazy } from '../base/lazy.ts'
import type { Logger } from '../base/logger.ts'
import { debugLogger } from '../base/logger.ts'
import { WELCOME_MS } from '../connection/connection.ts'
import type { Auth } from '../connection/credentials.ts'
import type { Environment } from '../connection/environment.ts'
import { platformEnvironment } from '../connection/environment.ts'
import type { HeartbeatOptions } from '../connection/heartbeat.ts'
import { heartbeatDefaults } from '../connection/heartbeat.ts'
import type { Untyped } from '../contract/contract-types.ts'
import { native } from '../dialects/native/client.ts'
import type { CheckOptions } from '../ports/client-checks.ts'
import type { TransportFactory } from '../ports/transport.ts'
import type { Codec } from '../protocol/codec.ts'
import type { DialectFactory } from '../protocol/dialect.ts'
import { jsonCodec } from '../protocol/json-codec.ts'
import type { OutboxOptions, ResolvedOutboxOptions } from '../requests/outbox-options.ts'
import { resolveOutboxOptions } from '../requests/outbox-options.ts'
import type { WebSocketConstructor } from '../transports/websocket.ts'
import { webSocketTransport } from '../transports/websocket.ts'

/** Options of a client; each may be left out or `undefined`. */
export interface ClientOptions<C extends Untyped = Untyped> extends CheckOptions {
  /**
   * The description of channels, requests and presence that the client shares with its server, made by
   * `contract()` of `wirefold/contract`. It types every call.
   * @default none: payloads are `unknown`
   */
  readonly contract?: C | undefined
  /**
   * The protocol of the backend.
   * @default native
   */
  readonly dialect?: DialectFactory | undefined
  /**
   * The WebSocket class, for Node before 22 (`ws`), tests (mock-socket), and the like.
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: WebSocketConstructor | undefined
  /**
   * Allows connections without TLS to other machines: everyone on the network path can read and
   * change the messages.
   * @default false
   */
  readonly allowInsecure?: boolean | undefined
  /**
   * The transport, if it is not a WebSocket; overrides `WebSocket` and `allowInsecure`.
   * @default webSocketTransport()
   */
  readonly transport?: TransportFactory | undefined
  /**
   * The encoding of values, unless the dialect has its own.
   * @default jsonCodec
   */
  readonly codec?: Codec | undefined
  /**
   * The wait between attempts to connect; missing fields are the dialect's, then the native
   * defaults.
   * @default {}
   */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /**
   * Returns credentials, before every attempt to connect and when they are about to expire.
   * @default none are sent
   */
  readonly auth?: Auth | undefined
  /**
   * Detection of dead connections; `false` for none.
   * @default {}
   */
  readonly heartbeat?: HeartbeatOptions | false | undefined
  /**
   * Buffering of requests while there is no connection.
   * @default {}
   */
  readonly outbox?: OutboxOptions | undefined
  /**
   * Uptime of a connection, in milliseconds, after which the failed attempts before it are
   * forgotten and the waits start anew. A connection that lasts up to half as long counts as a
   * failed attempt itself; between the two, the attempts are forgotten in proportion.
   * @default 2_000
   */
  readonly minUptimeMs?: number | undefined
  /**
   * Time limit of an attempt to connect, from opening the socket to the welcome, in milliseconds;
   * if left out, the dialect's, then the native default. Each timeout doubles it for the next
   * attempt, up to 80 s, unless `backoff.maxRetries` limits the attempts; a welcome resets it.
   * @default 10_000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * Time limit for the reply to a request or a subscribe, in milliseconds.
   * @default 10_000
   */
  readonly requestTimeoutMs?: number | undefined
  /**
   * Receives log lines for debugging; they contain no payloads or tokens.
   * @default none, or `console.debug` where `localStorage.debug` or `DEBUG` asks for `wirefold:*`
   */
  readonly logger?: Logger | undefined
  /**
   * The platform: network status, page life cycle, debug switches.
   * @default platformEnvironment()
   */
  readonly environment?: Environment | undefined
  /**
   * The source of time.
   * @default systemClock
   */
  readonly clock?: Clock | undefined
  /**
   * Returns a random number in [0, 1), for the waits between attempts.
   * @default Math.random
   */
  readonly random?: (() => number) | undefined
}

/** Options with all defaults filled in. */
export interface ResolvedClientOptions extends CheckOptions {
  readonly contract: Untyped | undefined
  readonly dialect: DialectFactory
  readonly transport: TransportFactory
  readonly codec: Codec
  readonly backoff: Partial<BackoffOptions>
  readonly auth: Auth | undefined
  readonly heartbeat: HeartbeatOptions | false
  readonly outbox: ResolvedOutboxOptions
  readonly minUptimeMs: number
  /** That of the application; that of the dialect's presets or the default otherwise. */
  readonly connectTimeoutMs: number | undefined
  readonly requestTimeoutMs: number
  /** Returns the logger; the platform's debug switches are read at the first call. */
  readonly logger: () => Logger | undefined
  readonly environment: Environment
  readonly clock: Clock
  readonly random: () => number
}

/** Default values of {@link ClientOptions}. */
export const clientDefaults = {
  dialect: native,
  codec: jsonCodec,
  backoff: {},
  heartbeat: {},
  outbox: {},
  minUptimeMs: 2_000,
  connectTimeoutMs: WELCOME_MS,
  requestTimeoutMs: 10_000,
  clock: systemClock,
  random: Math.random,
} as const

/** Options of other libraries. */
const OTHERS: OtherNames = [
  [/ping|beat/i, 'heartbeat'],
  [/reconn|retr|delay/i, 'backoff'],
  [/token|cred/i, 'auth'],
  [/queue|buffer/i, 'outbox'],
]

/**
 * Returns the options with all defaults filled in. Throws `bad-option` for an option of an unknown
 * name, and for a contract that is none.
 */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  const filled = withDefaults(
    'RealtimeClient',
    options,
    {
      ...clientDefaults,
      ...{ auth: undefined, environment: undefined, logger: undefined },
      ...{ transport: undefined, WebSocket: undefined, allowInsecure: undefined },
      ...{ contract: undefined, validate: undefined, unlisted: undefined },
    },
    OTHERS,
  )
  const { contract } = options
  if (contract !== undefined && !contract?.['~wirefold']) {
    const message = 'The option contract is no contract. Use contract().'
    throw badOption('contract', message)
  }
  const { backoff, heartbeat, environment = platformEnvironment() } = filled
  checkNames('The option backoff', backoff, backoffDefaults)
  if (heartbeat) checkNames('The option heartbeat', heartbeat, heartbeatDefaults)
  return {
    ...filled,
    environment,
    transport: filled.transport ?? webSocketTransport(filled.WebSocket, filled),
    outbox: resolveOutboxOptions(filled.outbox),
    connectTimeoutMs: options.connectTimeoutMs,
    logger: lazy(() => filled.logger ?? debugLogger(environment.debug)),
  }
}
