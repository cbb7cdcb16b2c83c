import type { Cancel, Clock } from '../../base/clock.ts'

/** How long a pong may be under way, in milliseconds. */
const MARGIN_MS = 10_000

/**
 * Records the signs of life of one peer and, between {@link start} and {@link stop}, asks an idle peer
 * for one and gives up a peer that does not answer.
 */
export class SilenceWatch {
  readonly #deps: SilenceWatchDeps
  #seenAt: number
  #asked = false
  #cancel: Cancel | undefined

  constructor(deps: SilenceWatchDeps) {
    this.#deps = deps
    this.#seenAt = deps.clock.now()
  }

  /** When the peer gave its last sign of life, on the monotonic clock. */
  get seenAt(): number {
    return this.#seenAt
  }

  /** The same in milliseconds since the Unix epoch. */
  get lastSeen(): number {
    const { clock } = this.#deps
    return clock.wall() - (clock.now() - this.#seenAt)
  }

  /** Starts to watch; safe to call twice. */
  start(): void {
    if (this.#cancel) return
    this.#asked = false
    this.#arm(this.#deps.pingMs)
  }

  /** Records a sign of life. */
  heard(): void {
    this.#seenAt = this.#deps.clock.now()
    this.#asked = false
  }

  /** Stops to watch; signs of life are recorded all the same. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(ms: number): void {
    this.#cancel = this.#deps.clock.after(ms, () => this.#look())
  }

  #look(): void {
    const { clock, pingMs, timeoutMs, ping, silent } = this.#deps
    const silence = clock.now() - this.#seenAt
    if (this.#asked && silence >= timeoutMs) {
      this.stop()
      silent()
    } else if (this.#asked) this.#arm(timeoutMs - silence)
    else if (silence >= pingMs) {
      // Also where we come late because this process stood still: what the peer said waits unread.
      this.#asked = true
      this.#arm(timeoutMs - pingMs)
      ping()
    } else this.#arm(pingMs - silence)
  }
}

/** The dependencies of a {@link SilenceWatch}. */
export interface SilenceWatchDeps {
  readonly clock: Clock
  /** After how long a silence the peer is asked for a sign of life, in milliseconds. */
  readonly pingMs: number
  /** After how long a silence it is given up, in milliseconds. */
  readonly timeoutMs: number
  /** Asks for a sign of life. */
  readonly ping: () => void
  /** Called once when the peer is given up; the watch has stopped by then. */
  readonly silent: () => void
}

/**
 * Looks at all connections of a server again and again: asks silent ones for a sign of life, and
 * disconnects those that give none. It runs only while there are connections.
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

/** A connection as a {@link StaleSweep} sees it. */
export interface Swept {
  /** When it gave its last sign of life, on the monotonic clock. */
  readonly seenAt: number
  /** When it was asked for another one since, on the monotonic clock. */
  askedAt: number | undefined
  /** Asks for a sign of life. */
  ping(): void
  /** Ends the connection. */
  disconnect(code: number, reason: string): void
}
