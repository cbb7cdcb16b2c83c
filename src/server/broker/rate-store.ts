/** Token buckets of users and addresses, for all servers that share the store. */
export interface RateStore {
  /**
   * Takes tokens from a key's bucket, if it has enough. A full bucket allows any `count`, even one
   * above `burst`.
   *
   * The caller does not wait for a promise: its result applies to later calls.
   *
   * @param count number of tokens; 0 takes none, and checks whether one is available
   * @returns 0 if the tokens were taken; otherwise the time to wait, in milliseconds
   */
  take(key: string, count: number, rate: Rate): number | Promise<number>
}

/** A rate limit. */
export interface Rate {
  /** Average number of tokens per second. */
  readonly perSecond: number
  /** Size of the bucket. */
  readonly burst: number
}
