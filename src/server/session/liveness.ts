import type { Cancel, Clock } from '../../base/clock.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { SessionPhase } from './session-phase.ts'

/** Minimum time between a ping and the disconnect, in milliseconds. */
const MARGIN_MS = 10_000

/** Between `start` and `stop`, pings an idle peer, and reports a peer that does not respond. */
export class SilenceWatch {
  readonly #times: SilenceTimes
  readonly #clock: Clock
  readonly #peer: WatchedPeer
  /** The time of the last ping, on the monotonic clock. */
  #pingedAt = Number.NEGATIVE_INFINITY
  #cancel: Cancel | undefined

  constructor(times: SilenceTimes, clock: Clock, peer: WatchedPeer) {
    this.#times = times
    this.#clock = clock
    this.#peer = peer
  }

  /** The time of the last sign of life, in whole milliseconds since the Unix epoch. */
  get lastSeen(): number {
    // The monotonic clock has fractions, which a peer that reads integers would refuse.
    return Math.round(this.#clock.wall() - (this.#clock.now() - this.#peer.seenAt()))
  }

  /** Starts the watch; safe to call twice. */
  start(): void {
    if (this.#cancel) return
    this.#pingedAt = Number.NEGATIVE_INFINITY
    this.#arm(this.#times.pingMs)
  }

  /** Stops the watch. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => this.#check())
  }

  #check(): void {
    const { pingMs, timeoutMs } = this.#times
    const now = this.#clock.now()
    const seenAt = this.#peer.seenAt()
    const silence = now - seenAt
    const pinged = this.#pingedAt > seenAt
    if (pinged && silence >= timeoutMs) {
      this.stop()
      this.#peer.silent()
    } else if (pinged) this.#arm(timeoutMs - silence)
    else if (silence >= pingMs) {
      // Ping even past the timeout: if this process was suspended, frames of the peer wait unread.
      this.#pingedAt = now
      this.#arm(timeoutMs - pingMs)
      this.#peer.ping()
    } else this.#arm(pingMs - silence)
  }
}

/** The times of a {@link SilenceWatch}. */
export interface SilenceTimes {
  /** Silence after which the peer is pinged, in milliseconds. */
  readonly pingMs: number
  /** Silence after which the peer is reported as silent, in milliseconds. */
  readonly timeoutMs: number
}

/** The peer of a {@link SilenceWatch}. */
export interface WatchedPeer {
  /** Returns the time of the last sign of life, on the monotonic clock. */
  readonly seenAt: () => number
  /** Sends a ping to the peer. */
  readonly ping: () => void
  /** Called once when the peer did not respond; the watch has stopped by then. */
  readonly silent: () => void
}

/**
 * The pings that a protocol demands of the server, at regular times. A peer that gave no sign of life
 * for too long is reported as silent.
 */
export class RegularPings {
  readonly #times: NonNullable<ServerDialect['pings']>
  readonly #clock: Clock
  readonly #peer: PingedPeer
  #dueAt = 0
  #cancel: Cancel = () => {}

  constructor(times: NonNullable<ServerDialect['pings']>, clock: Clock, peer: PingedPeer) {
    this.#times = times
    this.#clock = clock
    this.#peer = peer
  }

  /** Starts the pings. */
  start(): void {
    const { everyMs } = this.#times
    this.#dueAt = this.#clock.now() + everyMs
    this.#cancel = this.#clock.after(everyMs, () => this.#tick())
  }

  /** Stops the pings; safe to call twice. */
  stop(): void {
    this.#cancel()
  }

  #tick(): void {
    const { everyMs, timeoutMs } = this.#times
    const now = this.#clock.now()
    // After a suspension of this process, frames of the peer may wait unread: ping once more.
    const late = now - this.#dueAt >= everyMs
    if (!late && now - this.#peer.seenAt >= timeoutMs) this.#peer.silent()
    else {
      this.start()
      this.#peer.ping()
    }
  }
}

/** A peer with {@link RegularPings}. */
export interface PingedPeer {
  /** The time of the last sign of life, on the monotonic clock. */
  readonly seenAt: number
  /** Sends a ping in the words of the protocol. */
  ping(): void
  /** Called when the peer gave no sign of life for too long; the pings have stopped by then. */
  silent(): void
}

/**
 * A timer that pings the silent connections of a server, and disconnects those that do not respond.
 * The server runs it only while it has connections.
 */
export class StaleSweep {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #all: () => Iterable<Swept>
  #cancel: Cancel | undefined

  /** @param everyMs maximum time between two signs of life, in milliseconds */
  constructor(clock: Clock, everyMs: number, all: () => Iterable<Swept>) {
    this.#clock = clock
    this.#everyMs = everyMs
    this.#all = all
  }

  /** Starts the sweep; safe to call twice. */
  start(): void {
    this.#cancel ??= this.#clock.after(this.#everyMs / 2, () => {
      this.#cancel = undefined
      this.#sweep(this.#clock.now())
      this.start()
    })
  }

  /** Stops the sweep; safe to call twice. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #sweep(now: number): void {
    for (const connection of [...this.#all()]) {
      const silentMs = now - connection.seenAt
      const { pingedAt } = connection
      if (silentMs < this.#everyMs) connection.pingedAt = undefined
      // A sweep that comes late, as after a suspension, finds a ping that was answered long ago.
      else if (pingedAt === undefined || pingedAt <= connection.seenAt) {
        connection.pingedAt = now
        connection.ping()
      } else if (silentMs > 2 * this.#everyMs + MARGIN_MS && now - pingedAt >= MARGIN_MS) {
        connection.disconnect(4408, 'silent for too long')
      }
    }
  }
}

/** A connection checked by {@link StaleSweep}. */
export interface Swept {
  /** The time of the last sign of life, on the monotonic clock. */
  readonly seenAt: number
  /** The time of the ping sent since, on the monotonic clock; `undefined` if none was sent. */
  pingedAt: number | undefined
  /** Sends a ping to the peer. */
  ping(): void
  /** Closes the connection. */
  disconnect(code: number, reason: string): void
}

/** Returns why a connection ends that is not open in time. */
export function lateReason({ name }: Pick<SessionPhase, 'name'>): string {
  return name === 'waiting' ? 'no hello in time' : 'not authenticated in time'
}
