/** Token buckets of users and addresses, for all servers that share the store. */
export interface RateStore {
  /**
   * Takes tokens from a key's bucket, if it has enough. A full bucket allows any `count`, even one
   * above `burst`.
   *
   * No message waits for a promise: its result applies to later calls. A read of presence does.
   *
   * @param count number of tokens; 0 takes none, and checks whether one is available
   * @returns 0 if the tokens were taken; otherwise the time to wait, in milliseconds. With
   * {@link Rate.debt}, the time until the bucket has a token again, 0 if it has one
   */
  take(key: string, count: number, rate: Rate): number | Promise<number>
}

/** A rate limit. */
export interface Rate {
  /** Average number of tokens per second. */
  readonly perSecond: number
  /** Size of the bucket, in tokens. */
  readonly burst: number
  /**
   * Whether the tokens are taken even if the bucket has too few: those that are missing are a debt,
   * and are paid with the next ones.
   * @default false
   */
  readonly debt?: boolean | undefined
}
