/**
 * Limits of the results of requests that a broker remembers. Above the bytes, the oldest results
 * are dropped first: a repeat of such a request is `outcome-unknown`. Above the numbers, further
 * requests are refused with `rate-limited`.
 */
export interface ReplyLimits {
  /**
   * Maximum size of the results of one user, or of one anonymous client, in bytes, with what they
   * cost beside their texts.
   * @default 1_048_576
   */
  readonly userBytes?: number | undefined
  /**
   * Maximum size of all results, in bytes.
   * @default 67_108_864
   */
  readonly totalBytes?: number | undefined
  /**
   * Maximum number of remembered requests of one user, or of one anonymous client.
   * @default 30_000
   */
  readonly userRequests?: number | undefined
  /**
   * Maximum number of all remembered requests.
   * @default 500_000
   */
  readonly totalRequests?: number | undefined
}

/** Limits with all defaults filled in. */
export type ResolvedReplyLimits = Required<{ readonly [Name in keyof ReplyLimits]: number }>

/** Default values of {@link ReplyLimits}. */
export const replyDefaults = {
  userBytes: 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  userRequests: 30_000,
  totalRequests: 500_000,
} as const

/** Fills in the defaults, also for limits that are `undefined`. */
export function resolveReplyLimits(limits: ReplyLimits = {}): ResolvedReplyLimits {
  return {
    userBytes: limits.userBytes ?? replyDefaults.userBytes,
    totalBytes: limits.totalBytes ?? replyDefaults.totalBytes,
    userRequests: limits.userRequests ?? replyDefaults.userRequests,
    totalRequests: limits.totalRequests ?? replyDefaults.totalRequests,
  }
}
