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
  readonly #sign: () => void
  #bytes = 0
  #signedAt = Number.NEGATIVE_INFINITY

  /** @param sign sends a sign to the client */
  constructor(clock: Clock, sign: () => void) {
    this.#clock = clock
    this.#sign = sign
  }

  /** Counts bytes that arrived. */
  received(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < SIGN_BYTES) return
    const now = this.#clock.now()
    if (now - this.#signedAt < SIGN_MS) return
    this.#bytes = 0
    this.#signedAt = now
    this.#sign()
  }
}
