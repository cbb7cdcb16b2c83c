/** How much of something may be taken. */
export interface Rate {
  /** On average. */
  readonly perSecond: number
  /** At once. */
  readonly burst: number
}

/** Counts what users and addresses take, for all servers that share it. */
export interface RateStore {
  /**
   * Takes from what a key may take, unless that is too little; a burst's worth may always be taken
   * once nothing was for long enough.
   *
   * Nobody waits for a promise: what it tells holds for what is asked after it.
   *
   * @param count how many; 0 takes nothing, and asks about one
   * @returns 0 where they were taken; else how long until they may be, in milliseconds
   */
  take(key: string, count: number, rate: Rate): number | Promise<number>
}
