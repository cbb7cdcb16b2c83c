/**
 * One connection to Redis, as the broker sees it; made by `redisClient` or `ioredisClient`.
 *
 * It reconnects by itself, and subscribes again by itself. Replies may be those of RESP2 or RESP3.
 */
export interface RedisConnection {
  /** Sends a command; rejects where Redis refused it, or the reply did not come. */
  command(args: readonly string[]): Promise<unknown>
  /**
   * Opens another connection to the same Redis; rejects where that cannot be reached.
   *
   * @param onError receives what goes wrong on it besides its commands
   */
  duplicate(onError: (error: unknown) => void): Promise<RedisConnection>
  /** Has `listener` called with every message of a pub/sub channel; resolves once Redis knows. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  /** Ends a subscription; resolves once Redis knows. */
  unsubscribe(channel: string): Promise<void>
  /** Calls `run` whenever the connection works again. */
  onReady(run: () => void): () => void
  /** Closes it at once; what is under way rejects. */
  close(): void
}
