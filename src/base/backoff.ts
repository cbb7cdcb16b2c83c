/** Waits between attempts to connect. */
export interface BackoffOptions {
  /**
   * Fixed part of every wait, in milliseconds.
   * @default 50
   */
  readonly minMs: number
  /**
   * Upper bound of the first random wait, in milliseconds.
   * @default 900
   */
  readonly initialMs: number
  /**
   * Factor by which the upper bound grows with each attempt.
   * @default 1.5
   */
  readonly factor: number
  /**
   * Largest upper bound of the random wait, in milliseconds.
   * @default 12_000
   */
  readonly maxMs: number
  /**
   * Random share of the wait: `full` all of it, `equal` half of it, `none` nothing.
   * Without randomness, clients that were disconnected together reconnect together.
   * @default 'full'
   */
  readonly jitter: 'full' | 'equal' | 'none'
  /**
   * Number of failed attempts in a row after which the connection is `failed`; 0 never retries.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxAttempts: number
}

/** Waits of the native protocol: `50 ms + U(0, min(12 s, 900 ms · 1.5^n))`, unlimited attempts. */
export const backoffDefaults: BackoffOptions = {
  minMs: 50,
  initialMs: 900,
  factor: 1.5,
  maxMs: 12_000,
  jitter: 'full',
  maxAttempts: Number.POSITIVE_INFINITY,
}

/**
 * Returns the wait before attempt `attempt` (0 is the first retry), in milliseconds.
 *
 * Stays random at the cap, so that clients do not reconnect in a wave after a long outage.
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @param random a number in [0, 1)
 */
export function backoffDelay(attempt: number, options: BackoffOptions, random: number): number {
  const { minMs, initialMs, factor, maxMs, jitter } = options
  const widest = Math.min(maxMs, initialMs * factor ** attempt)
  const share = jitter === 'full' ? random : jitter === 'equal' ? 0.5 + random / 2 : 1
  return minMs + widest * share
}
