/** How long to wait before the next attempt to connect. */
export interface BackoffOptions {
  /**
   * Added to every wait, in milliseconds.
   * @default 50
   */
  readonly minMs: number
  /**
   * The widest first random wait, in milliseconds.
   * @default 900
   */
  readonly initialMs: number
  /**
   * What the widest wait grows by with each attempt.
   * @default 1.5
   */
  readonly factor: number
  /**
   * The widest random wait ever, in milliseconds.
   * @default 12_000
   */
  readonly maxMs: number
  /**
   * How much of the wait is chance: `full` all of it, `equal` half of it, `none` nothing.
   * Without chance, clients that were cut together come back together.
   * @default 'full'
   */
  readonly jitter: 'full' | 'equal' | 'none'
  /**
   * After this many failed attempts in a row the connection is `failed`; 0 never retries.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxAttempts: number
}

/** The waits of the native protocol: `50 ms + U(0, min(12 s, 900 ms · 1.5^n))`, without end. */
export const backoffDefaults: BackoffOptions = {
  minMs: 50,
  initialMs: 900,
  factor: 1.5,
  maxMs: 12_000,
  jitter: 'full',
  maxAttempts: Number.POSITIVE_INFINITY,
}

/**
 * The wait before attempt `attempt` (0 is the first retry), in milliseconds.
 *
 * Still random at the cap, so that a server that was away for long is not met by a wave.
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
