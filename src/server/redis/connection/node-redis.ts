import type { RedisConnection } from './redis-connection.ts'

/**
 * Adapts a connected client of the `redis` package for `createRedisBroker`. The application still
 * has to listen to its errors, and to close it.
 *
 * @example
 * const client = await createClient({ url }).on('error', console.error).connect()
 * const broker = await createRedisBroker(redisClient(client))
 */
export function redisClient(client: NodeRedisClient): RedisConnection {
  return {
    command: (args) => client.sendCommand(args),
    async duplicate(onError) {
      const another = client.duplicate()
      another.on('error', onError)
      await another.connect()
      return redisClient(another)
    },
    async subscribe(channel, listener) {
      await client.subscribe(channel, listener)
    },
    async unsubscribe(channel) {
      await client.unsubscribe(channel)
    },
    onReady(run) {
      const ready = (): void => run()
      client.on('ready', ready)
      return () => client.off('ready', ready)
    },
    close: () => client.destroy(),
  }
}

/** The used part of a client of the `redis` package, version 5 or newer. */
export interface NodeRedisClient {
  /** Sends a command. */
  sendCommand(args: readonly string[]): Promise<unknown>
  /** Creates a client with the same options. */
  duplicate(): NodeRedisClient
  /** Connects. */
  connect(): Promise<unknown>
  /** Subscribes to a pub/sub channel. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  /** Unsubscribes from a pub/sub channel. */
  unsubscribe(channel: string): Promise<unknown>
  /** Adds a listener. */
  on(event: string, listener: (value: unknown) => void): unknown
  /** Removes a listener. */
  off(event: string, listener: (value: unknown) => void): unknown
  /** Disconnects at once. */
  destroy(): void
}
