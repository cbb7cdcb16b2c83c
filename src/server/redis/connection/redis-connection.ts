/**
 * One connection to Redis; made by `redisClient` or `ioredisClient`.
 *
 * It has to reconnect, and to restore its subscriptions, by itself. Replies may be RESP2 or RESP3.
 */
export interface RedisConnection {
  /** Sends a command; rejects if Redis returns an error, or the connection is lost. */
  command(args: readonly string[]): Promise<unknown>
  /**
   * Opens another connection to the same Redis; rejects if Redis cannot be reached.
   *
   * @param onError called with errors of the connection that do not belong to a command
   */
  duplicate(onError: (error: unknown) => void): Promise<RedisConnection>
  /** Calls `listener` with each message of a pub/sub channel; resolves once Redis has confirmed. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** Ends a subscription; resolves once Redis has confirmed. */
  unsubscribe(channel: string): Promise<void>
  /** Calls `run` after each reconnect; returns a function that stops that. */
  onReady(run: () => void): () => void
  /** Closes the connection at once; pending commands reject. */
  close(): void
}
