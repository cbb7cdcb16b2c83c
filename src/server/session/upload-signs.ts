import type { Clock } from '../../base/clock.ts'

/** Least number of bytes between two signs: two seconds of a link of 4 kB/s. */
const SIGN_BYTES = 8 * 1024
/** Minimum time between two signs, in milliseconds. */
const SIGN_MS = 1_000

/**
 * Shows a client that sends much over a slow link that the bytes arrive: its ping waits behind them,
 * and the server answers a message once all of it has arrived.
 */
export class UploadSigns {
  readonly #clock: Clock
  #bytes = 0
  #signedAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts bytes that arrived; returns whether a sign is due. */
  received(bytes: number): boolean {
    this.#bytes += bytes
    if (this.#bytes < SIGN_BYTES) return false
    const now = this.#clock.now()
    if (now - this.#signedAt < SIGN_MS) return false
    this.#bytes = 0
    this.#signedAt = now
    return true
  }
}
