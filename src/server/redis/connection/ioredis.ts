import type { RedisConnection, RedisConnector } from './redis-connection.ts'
import { refuseClient } from './refuse-client.ts'

/**
 * Options of the broker's own connections, in place of those of the application's client. Address,
 * credentials, TLS, database, sentinels and the connection's name stay those of the client.
 */
const OWN_OPTIONS = {
  lazyConnect: true,
  // The broker reconnects by itself, and knows which commands it may repeat.
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  reconnectOnError: null,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: null,
  enableOfflineQueue: false,
  enableReadyCheck: true,
  maxLoadingRetryTime: 0,
  // A blocking read is silent for seconds, and a stalled Redis for half a minute.
  commandTimeout: undefined,
  socketTimeout: undefined,
  blockingTimeout: undefined,
  enableAutoPipelining: false,
  // The broker has its own prefix, and ioredis does not apply this one to keys within scripts.
  keyPrefix: '',
  role: 'master',
  readOnly: false,
  monitor: false,
  protocol: 2,
  replyMapping: 'legacy',
  stringNumbers: false,
} as const

/**
 * Adapts a client of the `ioredis` package for `createRedisBroker`, which opens connections of its
 * own with the client's address, credentials, TLS, sentinels and database. The client need not be
 * connected; the application closes it.
 *
 * Throws `bad-option` for a cluster.
 *
 * @example
 * import { Redis } from 'ioredis'
 * import { createRedisBroker, ioredisClient } from 'wirefold/server/redis'
 *
 * const broker = await createRedisBroker(ioredisClient(new Redis(url)))
 */
export function ioredisClient(client: IoredisClient): RedisConnector {
  if (client.isCluster) throw refuseClient('a cluster of ioredis', 'new Redis()')
  return {
    database: client.options.db ?? 0,
    open: (onLost) => open(client.duplicate(OWN_OPTIONS), onLost),
  }
}

function open(own: IoredisClient, onLost: (cause: unknown) => void): RedisConnection {
  const listeners = new Map<string, (message: string) => void>()
  let cause: unknown
  own.on('error', (error) => {
    cause = error
  })
  own.on('end', () => onLost(cause ?? new Error('Redis has closed the connection.')))
  own.on('message', (channel, message) => listeners.get(String(channel))?.(String(message)))
  return {
    // ioredis rejects with "Connection is closed."; the cause came as an event before.
    ready: own.connect().catch((error) => Promise.reject(cause ?? error)),
    command: ([name = '', ...args]) => own.call(name, args),
    subscribe(channel, listener) {
      listeners.set(channel, listener)
      return own.subscribe(channel)
    },
    unsubscribe(channel) {
      listeners.delete(channel)
      return own.unsubscribe(channel)
    },
    close: () => own.disconnect(),
  }
}

/** The used part of a client of the `ioredis` package, version 5 or newer. */
export interface IoredisClient {
  /** Whether it is a client of Redis Cluster. */
  readonly isCluster: boolean
  /** Options of the client. */
  readonly options: { readonly db?: number | undefined }
  /** Sends a command. */
  call(command: string, args: string[]): Promise<unknown>
  /** Creates a client with the same options, overridden by these. */
  duplicate(override: object): IoredisClient
  /** Connects. */
  connect(): Promise<unknown>
  /** Subscribes to a pub/sub channel. */
  subscribe(channel: string): Promise<unknown>
  /** Unsubscribes from a pub/sub channel. */
  unsubscribe(channel: string): Promise<unknown>
  /** Adds a listener. */
  on(event: string, listener: (...values: unknown[]) => void): unknown
  /** Disconnects at once. */
  disconnect(): void
}
