/** Options of the waits between attempts to connect. */
export interface BackoffOptions {
  /**
   * Fixed part of every wait, in milliseconds.
   * @default 0
   */
  readonly minMs: number
  /**
   * Upper bound of the first wait, in milliseconds; with full jitter the fixed part of later waits.
   * @default 900
   */
  readonly initialMs: number
  /**
   * Factor by which the random part of the wait grows with each attempt.
   * @default 1.45
   */
  readonly factor: number
  /**
   * Longest wait, in milliseconds, without `minMs`.
   * @default 12_000
   */
  readonly maxMs: number
  /**
   * Random part of the wait: `full` all of the first wait, and of later waits what exceeds
   * `initialMs`; `equal` half of it; `none` nothing.
   * Without randomness, clients that were disconnected together reconnect together.
   * @default 'full'
   */
  readonly jitter: 'full' | 'equal' | 'none'
  /**
   * Number of attempts after the first failed one, or after a lost connection; 0 never tries again. When
   * the last of them has failed, the connection is `failed`.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxRetries: number
}

/**
 * Waits of the native protocol: `U(0, 900 ms)`, then `900 ms + U(0, 450 ms)`, then
 * `900 ms + U(0, min(11.1 s, 900 ms · 1.45^n))`; unlimited attempts.
 */
export const backoffDefaults: BackoffOptions = {
  minMs: 0,
  initialMs: 900,
  factor: 1.45,
  maxMs: 12_000,
  jitter: 'full',
  maxRetries: Number.POSITIVE_INFINITY,
}

/** Fixed share of the wait; with full jitter that of the first. */
const FIXED = { full: 0, equal: 0.5, none: 1 } as const

/**
 * Returns the wait before attempt `attempt` (0 is the first retry), in milliseconds.
 *
 * Stays random at the cap, so that clients do not reconnect in a wave after a long outage. With full
 * jitter every later wait is at least as long as the longest first one, so that the second attempts
 * of many clients do not fall among their first; the second is at most half as long again, so that a
 * server that restarts within half a second is soon found.
 * Source of the jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param random a number in [0, 1)
 */
export function backoffDelay(attempt: number, options: BackoffOptions, random: number): number {
  const { minMs, initialMs, factor, maxMs, jitter } = options
  // `factor ** attempt` overflows to infinity, by which 0 must not be multiplied.
  const grown = initialMs && initialMs * factor ** attempt
  const later = jitter === 'full' && attempt > 0
  const bound = later ? initialMs + (attempt > 1 ? grown : initialMs / 2) : grown
  const longest = Math.min(bound, maxMs, Number.MAX_VALUE)
  const shortest = later ? Math.min(initialMs, (longest * 2) / 3) : longest * FIXED[jitter]
  return minMs + shortest + (longest - shortest) * random
}
