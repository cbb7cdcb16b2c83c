/** One connection to Redis. Its replies are those of RESP2. */
export interface RedisConnection {
  /** Resolves once commands can be sent; rejects if Redis cannot be reached. */
  readonly ready: Promise<unknown>
  /** Sends a command; rejects if Redis returns an error, or the connection is lost. */
  command(args: readonly string[]): Promise<unknown>
  /** Calls `listener` with each message of a pub/sub channel; resolves once Redis has confirmed. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  /** Ends a subscription; resolves once Redis has confirmed. */
  unsubscribe(channel: string): Promise<unknown>
  /** Closes the connection at once; pending commands reject. Safe to call twice. */
  close(): void
}

/**
 * Opens connections to the Redis of an application's client; made by `redisClient` or
 * `ioredisClient`.
 *
 * The broker uses only connections that it opens itself: options and the state of the
 * application's client, such as a key prefix, a time limit or its end, do not affect them.
 */
export interface RedisConnector {
  /** Number of the logical database that the connections use. */
  readonly database: number
  /**
   * Opens a connection.
   *
   * @param onLost called when the connection is lost, before or after it was ready; it does not
   * reconnect by itself
   */
  open(onLost: (cause: unknown) => void): RedisConnection
}
