import type { BackoffOptions } from '../base/backoff.ts'
import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { lazy } from '../base/lazy.ts'
import type { Logger } from '../base/logger.ts'
import { debugLogger } from '../base/logger.ts'
import type { Auth } from '../connection/credentials.ts'
import type { Environment } from '../connection/environment.ts'
import { platformEnvironment } from '../connection/environment.ts'
import type { HeartbeatOptions } from '../connection/heartbeat.ts'
import { native } from '../dialects/native/client.ts'
import type { TransportFactory } from '../ports/transport.ts'
import type { Codec } from '../protocol/codec.ts'
import type { DialectFactory } from '../protocol/dialect.ts'
import { jsonCodec } from '../protocol/json-codec.ts'
import type { OutboxOptions, ResolvedOutboxOptions } from '../requests/outbox-options.ts'
import { resolveOutboxOptions } from '../requests/outbox-options.ts'
import type { WebSocketConstructor } from '../transports/websocket.ts'
import { webSocketTransport } from '../transports/websocket.ts'

/** What a client can be told; every member may be left out, and an explicit `undefined` is the same. */
export interface ClientOptions {
  /**
   * How the backend speaks.
   * @default native
   */
  readonly dialect?: DialectFactory | undefined
  /**
   * The class to open sockets with, for Node before 22 (`ws`), tests (mock-socket), and the like.
   * @default globalThis.WebSocket
   */
  readonly WebSocket?: WebSocketConstructor | undefined
  /**
   * Opens addresses without TLS that leave this machine, too: everybody on the way reads and changes
   * what is said.
   * @default false
   */
  readonly allowInsecure?: boolean | undefined
  /**
   * How bytes travel, where it is not a WebSocket; outranks `WebSocket` and `allowInsecure`.
   * @default webSocketTransport()
   */
  readonly transport?: TransportFactory | undefined
  /**
   * How values become text.
   * @default jsonCodec
   */
  readonly codec?: Codec | undefined
  /**
   * The wait between attempts to connect; what is left out is the dialect's, then the native default.
   * @default {}
   */
  readonly backoff?: Partial<BackoffOptions> | undefined
  /**
   * Gives credentials, before every attempt to connect and when they are about to expire.
   * @default none are sent
   */
  readonly auth?: Auth | undefined
  /**
   * How signs of life are asked for; `false` for not at all.
   * @default {}
   */
  readonly heartbeat?: HeartbeatOptions | false | undefined
  /**
   * How requests wait for a connection.
   * @default {}
   */
  readonly outbox?: OutboxOptions | undefined
  /**
   * By the time a connection has been open for this long, in milliseconds, the failed attempts before
   * it are forgotten and the waits start anew; one that was open for half as long has half of them
   * forgotten.
   * @default 5_000
   */
  readonly minUptimeMs?: number | undefined
  /**
   * How long an attempt to connect may take, from the dial to the welcome, in milliseconds; where it
   * is left out, the dialect's, then the native default. Each attempt that times out doubles it for
   * the next, up to 80 s, unless `backoff.maxAttempts` limits the attempts; a welcome ends that.
   * @default 10_000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How long the answer to a request or a subscribe may take, in milliseconds.
   * @default 10_000
   */
  readonly requestTimeoutMs?: number | undefined
  /**
   * Receives what happens, for finding faults: never payloads or tokens.
   * @default none, or `console.debug` where `localStorage.debug` or `DEBUG` asks for `wirefold:*`
   */
  readonly logger?: Logger | undefined
  /**
   * What surrounds the client: network, page, debug switches.
   * @default platformEnvironment()
   */
  readonly environment?: Environment | undefined
  /**
   * Where time comes from.
   * @default systemClock
   */
  readonly clock?: Clock | undefined
  /**
   * Chance, for the waits between attempts: a number in [0, 1).
   * @default Math.random
   */
  readonly random?: (() => number) | undefined
}

/** Options with nothing left out. */
export interface ResolvedClientOptions {
  readonly dialect: DialectFactory
  readonly transport: TransportFactory
  readonly codec: Codec
  readonly backoff: Partial<BackoffOptions>
  readonly auth: Auth | undefined
  readonly heartbeat: HeartbeatOptions | false
  readonly outbox: ResolvedOutboxOptions
  readonly minUptimeMs: number
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  /** Reads the platform's debug switches when it is first called. */
  readonly logger: () => Logger | undefined
  readonly environment: Environment
  readonly clock: Clock
  readonly random: () => number
}

/** What holds where nothing is said. */
export const clientDefaults = {
  dialect: native,
  codec: jsonCodec,
  backoff: {},
  heartbeat: {},
  outbox: {},
  minUptimeMs: 5_000,
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  clock: systemClock,
  random: Math.random,
} as const

/** Fills in the defaults. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  const environment = options.environment ?? platformEnvironment()
  const dialect = options.dialect ?? clientDefaults.dialect
  return {
    dialect,
    transport: options.transport ?? webSocketTransport(options.WebSocket, options),
    codec: options.codec ?? clientDefaults.codec,
    backoff: options.backoff ?? clientDefaults.backoff,
    auth: options.auth,
    heartbeat: options.heartbeat ?? clientDefaults.heartbeat,
    outbox: resolveOutboxOptions(options.outbox ?? clientDefaults.outbox),
    minUptimeMs: options.minUptimeMs ?? clientDefaults.minUptimeMs,
    connectTimeoutMs:
      options.connectTimeoutMs ??
      dialect().presets.connectTimeoutMs ??
      clientDefaults.connectTimeoutMs,
    requestTimeoutMs: options.requestTimeoutMs ?? clientDefaults.requestTimeoutMs,
    logger: lazy(() => options.logger ?? debugLogger(environment.debug)),
    environment,
    clock: options.clock ?? clientDefaults.clock,
    random: options.random ?? clientDefaults.random,
  }
}
