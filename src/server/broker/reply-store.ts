/** What a table of answers knows of a request. */
export type ReplyLookup =
  /** Nobody has asked before: it is the caller's to carry out, and then to {@link Answers.settle}. */
  | { readonly state: 'fresh' }
  /**
   * It is being carried out. The record is `undefined` where the outcome is lost: whoever carried it
   * out is gone, and nobody knows how far they came.
   */
  | { readonly state: 'started'; readonly record: Promise<string | undefined> }
  /** It was carried out. */
  | { readonly state: 'answered'; readonly record: string }
  /** Something else was asked under this key. */
  | { readonly state: 'conflict' }

/**
 * Remembers what requests came to, for all servers that share it: a record for each, as text that is
 * no dialect's (see `outcome.ts`).
 */
export interface ReplyStore {
  /**
   * How far back it reaches, in milliseconds: of what was answered earlier nothing is known, as where
   * the memory is younger than that, or ran out.
   */
  readonly reachMs: number
  /**
   * Looks a request up and, where nobody has asked it, marks it as started; both in one step, so that
   * of any number of callers exactly one hears `fresh`.
   *
   * @param key whose request it is, and which of theirs
   * @param digest what is asked
   */
  begin(key: string, digest: string): Promise<ReplyLookup>
  /**
   * Ends a started request: its record is told to everybody who waits for it, and remembered.
   *
   * @param keepMs how long it is remembered, in milliseconds; with 0 whoever asks next asks anew
   */
  settle(key: string, record: string, keepMs: number): Promise<void>
}
