import type { Cancel, Clock } from '../../base/clock.ts'

/** What a watch over one peer is made of. */
export interface SilenceWatchDeps {
  readonly clock: Clock
  /** After how long a silence the peer is asked for a sign of life, in milliseconds. */
  readonly pingMs: number
  /** After how long a silence it is gone, in milliseconds. */
  readonly timeoutMs: number
  /** Asks for a sign of life. */
  readonly ping: () => void
  /** Called once when the peer is gone; the watch has stopped by then. */
  readonly silent: () => void
}

/** Watches that a peer gives signs of life: asks an idle one, and gives up one that does not answer. */
export class SilenceWatch {
  readonly #deps: SilenceWatchDeps
  #heardAt = 0
  #asked = false
  #cancel: Cancel | undefined

  constructor(deps: SilenceWatchDeps) {
    this.#deps = deps
  }

  /** When the peer was heard last, in milliseconds since the Unix epoch. */
  get lastSeen(): number {
    const { clock } = this.#deps
    return clock.wall() - (clock.now() - this.#heardAt)
  }

  /** Begins to watch somebody who was heard just now. */
  start(): void {
    if (this.#cancel) return
    this.#arm(this.#deps.pingMs)
    this.heard()
  }

  /** The peer gave a sign of life. */
  heard(): void {
    if (!this.#cancel) return
    this.#heardAt = this.#deps.clock.now()
    this.#asked = false
  }

  /** Watches no longer. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(ms: number): void {
    this.#cancel = this.#deps.clock.after(ms, () => this.#look())
  }

  #look(): void {
    const { clock, pingMs, timeoutMs, ping, silent } = this.#deps
    const silence = clock.now() - this.#heardAt
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
