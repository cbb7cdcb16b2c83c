/**
 * Limits of the histories that a broker keeps; the oldest events are dropped first. The defaults
 * are those in memory; on Redis they are 4 MiB of one channel, and 256 MiB in all.
 */
export interface HistoryLimits {
  /**
   * Lifetime of an event, in milliseconds.
   * @default 300_000
   */
  readonly keepMs?: number | undefined
  /**
   * Maximum size of the history of one channel, in bytes, with what an event costs beside its
   * payload.
   * @default 33_554_432
   */
  readonly channelBytes?: number | undefined
  /**
   * Maximum size of all histories and channels of a process, or of a Redis and its prefix, in
   * bytes. Above it, the least recently used channel loses its events first.
   * @default 67_108_864
   */
  readonly totalBytes?: number | undefined
}

/** Default values of {@link HistoryLimits} for a broker in memory. */
export const historyDefaults = {
  keepMs: 5 * 60_000,
  channelBytes: 32 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
} as const

/** Limits with all defaults filled in. */
export type ResolvedHistoryLimits = { readonly [Limit in keyof HistoryLimits]-?: number }

/** Fills in the defaults, also for limits that are `undefined`. */
export function resolveHistoryLimits(
  limits: HistoryLimits = {},
  defaults: ResolvedHistoryLimits = historyDefaults,
): ResolvedHistoryLimits {
  return {
    keepMs: limits.keepMs ?? defaults.keepMs,
    channelBytes: limits.channelBytes ?? defaults.channelBytes,
    totalBytes: limits.totalBytes ?? defaults.totalBytes,
  }
}
