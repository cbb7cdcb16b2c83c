import type { RedisConnection, RedisConnector } from './redis-connection.ts'
import { refuseClient } from './refuse-client.ts'

/**
 * Options of the broker's own connections, in place of those of the application's client. Address,
 * credentials, TLS, database and the connection's name stay those of the client.
 */
const OWN_OPTIONS = {
  RESP: 2,
  // The broker has its own prefix, and the package does not apply this one to keys within scripts.
  keyPrefix: undefined,
  disableOfflineQueue: true,
  commandsQueueMaxLength: undefined,
  // A blocking read is silent for seconds, and a stalled Redis for half a minute.
  commandOptions: { timeout: undefined },
  pingInterval: undefined,
  // These need RESP3.
  clientSideCache: undefined,
  emitInvalidate: undefined,
  maintNotifications: 'disabled',
  readonly: false,
} as const

/** Options of the socket, likewise: the broker reconnects by itself. */
const OWN_SOCKET_OPTIONS = { reconnectStrategy: false, socketTimeout: undefined } as const

/**
 * Adapts a client of the `redis` package for `createRedisBroker`, which opens connections of its
 * own with the client's address, credentials, TLS and database. The client need not be connected;
 * the application closes it.
 *
 * Throws `bad-option` for a cluster, a pool, or a client of sentinels.
 *
 * @example
 * import { createClient } from 'redis'
 * import { createRedisBroker, redisClient } from 'wirefold/server/redis'
 *
 * const broker = await createRedisBroker(redisClient(createClient({ url })))
 */
export function redisClient(client: NodeRedisClient): RedisConnector {
  const { options } = client
  // Only a plain client shows its options.
  if (!options) throw refuseClient('a cluster, pool or sentinel client', 'createClient()')
  return {
    database: options.database ?? 0,
    open(onLost) {
      const socket = { ...options.socket, ...OWN_SOCKET_OPTIONS }
      return open(client.duplicate({ ...OWN_OPTIONS, socket }), onLost)
    },
  }
}

function open(own: NodeRedisClient, onLost: (cause: unknown) => void): RedisConnection {
  const close = (): void => {
    // Version 5 throws if the client is closed already.
    if (own.isOpen) own.destroy()
  }
  own.on('error', (error) => {
    close()
    onLost(error)
  })
  return {
    ready: own.connect(),
    command: (args) => own.sendCommand(args),
    subscribe: (channel, listener) => own.subscribe(channel, listener),
    unsubscribe: (channel) => own.unsubscribe(channel),
    close,
  }
}

/** The used part of a client of the `redis` package, version 5 or newer. */
export interface NodeRedisClient {
  /** Options of the client; `undefined` for clusters, pools and clients of sentinels. */
  readonly options:
    | { readonly database?: number | undefined; readonly socket?: object | undefined }
    | undefined
  /** Whether it is connected, or connects. */
  readonly isOpen: boolean
  /** Sends a command. */
  sendCommand(args: readonly string[]): Promise<unknown>
  /** Creates a client with the same options, overridden by these. */
  duplicate(override: object): NodeRedisClient
  /** Connects. */
  connect(): Promise<unknown>
  /** Subscribes to a pub/sub channel. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  /** Unsubscribes from a pub/sub channel. */
  unsubscribe(channel: string): Promise<unknown>
  /** Adds a listener. */
  on(event: string, listener: (value: unknown) => void): unknown
  /** Disconnects at once. */
  destroy(): void
}
