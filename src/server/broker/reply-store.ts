/**
 * The results of requests, for all servers that share the store. A result is stored as a record:
 * text that does not depend on a dialect (see `request-record.ts`).
 *
 * Results are bounded (see `ReplyLimits`), for all of a sender and for all together. A request whose
 * record was dropped is still remembered, so that it does not run again.
 */
export interface ReplyStore {
  /**
   * Time up to now without the loss of an unexpired result, in milliseconds. It is limited by the
   * age of the store and by evictions.
   */
  readonly reachMs: number
  /**
   * Looks a request up and marks an unknown one as started, in one step: of any number of callers
   * with the same key, exactly one gets `fresh`.
   *
   * @param key identifies the request: its sender, a tab, and its id; what has no tab is a sender
   * @param digest identifies the content of the request
   * @param repeated whether the request may have been started before; if not, it is `fresh` also
   * after a loss of results. Defaults to true.
   * @param rerun whether the request may run again if the server that ran it is dead; it is `fresh`
   * then. Defaults to false.
   */
  begin(
    key: string,
    digest: string,
    repeated?: boolean,
    rerun?: boolean,
  ): ReplyLookup | Promise<ReplyLookup>
  /**
   * Ends a started request: stores its record, and resolves the lookups that wait for it.
   *
   * @param keepMs lifetime of the record, in milliseconds; with 0 the next lookup gets `fresh`
   * @returns false if the other servers have declared this one dead since the request began: its
   * result counts for nothing, and the request has to be looked up again
   */
  finish(key: string, record: string, keepMs: number): boolean | Promise<boolean>
}

/** The state of a request in a {@link ReplyStore}. */
export type ReplyLookup =
  /** Unknown: the caller has to run the request, and then call {@link ReplyStore.finish}. */
  | { readonly state: 'fresh' }
  /**
   * Running. The record is `undefined` if the result is lost, because its server died; another
   * lookup then returns `fresh` or `lost`.
   */
  | { readonly state: 'started'; readonly record: Promise<string | undefined> }
  /** It may have run, and its result is lost. */
  | { readonly state: 'lost' }
  /** Unknown, and too many requests are remembered: it must not run now. */
  | { readonly state: 'full' }
  /** Done. */
  | { readonly state: 'answered'; readonly record: string }
  /** The key is in use for a request with another digest. */
  | { readonly state: 'conflict' }

/** Returns the sender in the key of a request. */
export function senderOf(key: string): string {
  const end = key.indexOf('\t')
  return end === -1 ? key : key.slice(0, end)
}
