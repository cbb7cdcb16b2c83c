import type { RedisConnection } from './redis-connection.ts'

/**
 * Adapts a client of the `ioredis` package for `createRedisBroker`. The application still has to
 * listen to its errors, and to close it.
 *
 * @example
 * const broker = await createRedisBroker(ioredisClient(new Redis(url)))
 */
export function ioredisClient(client: IoredisClient): RedisConnection {
  const listeners = new Map<string, (message: string) => void>()
  const onMessage = (channel = '', message = ''): void => listeners.get(channel)?.(message)
  return {
    command: ([name = '', ...args]) => client.call(name, args),
    async duplicate(onError) {
      const another = client.duplicate({ lazyConnect: true })
      another.on('error', onError)
      await another.connect()
      return ioredisClient(another)
    },
    async subscribe(channel, listener) {
      if (!listeners.size) client.on('message', onMessage)
      listeners.set(channel, listener)
      await client.subscribe(channel)
    },
    async unsubscribe(channel) {
      listeners.delete(channel)
      if (!listeners.size) client.off('message', onMessage)
      await client.unsubscribe(channel)
    },
    onReady(run) {
      const ready = (): void => run()
      client.on('ready', ready)
      return () => client.off('ready', ready)
    },
    close: () => client.disconnect(),
  }
}

/** The used part of a client of the `ioredis` package, version 5 or newer. */
export interface IoredisClient {
  /** Sends a command. */
  call(command: string, args: string[]): Promise<unknown>
  /** Creates a client with the same options, overridden by these. */
  duplicate(override: { readonly lazyConnect: boolean }): IoredisClient
  /** Connects. */
  connect(): Promise<unknown>
  /** Subscribes to a pub/sub channel. */
  subscribe(channel: string): Promise<unknown>
  /** Unsubscribes from a pub/sub channel. */
  unsubscribe(channel: string): Promise<unknown>
  /** Adds a listener. */
  on(event: string, listener: (...values: string[]) => void): unknown
  /** Removes a listener. */
  off(event: string, listener: (...values: string[]) => void): unknown
  /** Disconnects at once. */
  disconnect(): void
}
