import type { Cancel, Clock } from '../../base/clock.ts'

/** How long a pong may be under way, in milliseconds. */
const MARGIN_MS = 10_000

/** What a sweep sees of a connection. */
export interface Swept {
  /** When it gave its last sign of life, on the monotonic clock. */
  readonly seenAt: number
  /** When it was asked for one since, on the monotonic clock. */
  askedAt: number | undefined
  /** Asks for a sign of life. */
  ping(): void
  /** Ends it. */
  disconnect(code: number, reason: string): void
}

/**
 * Looks again and again for connections that have fallen silent: asks them for a sign of life, and
 * ends those that give none. It runs only while there are any.
 */
export class StaleSweep {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #all: () => Iterable<Swept>
  #cancel: Cancel | undefined

  /** @param everyMs how often a sign of life is expected, in milliseconds */
  constructor(clock: Clock, everyMs: number, all: () => Iterable<Swept>) {
    this.#clock = clock
    this.#everyMs = everyMs
    this.#all = all
  }

  /** There are connections. */
  start(): void {
    this.#cancel ??= this.#clock.after(this.#everyMs / 2, () => {
      this.#cancel = undefined
      this.#sweep(this.#clock.now())
      this.start()
    })
  }

  /** There are none. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #sweep(now: number): void {
    for (const one of [...this.#all()]) {
      const silentMs = now - one.seenAt
      const { askedAt } = one
      if (silentMs < this.#everyMs) one.askedAt = undefined
      else if (askedAt === undefined) {
        one.askedAt = now
        one.ping()
      } else if (silentMs > 2 * this.#everyMs + MARGIN_MS && now - askedAt >= MARGIN_MS) {
        one.disconnect(4408, 'silent for too long')
      }
    }
  }
}
