import type { Cancel, Clock } from '../../base/clock.ts'
import type { FrameBatch, Join } from './frame-batch.ts'
import type { RawSocket, Socket } from './socket.ts'
import type { Tick } from './tick.ts'

/** A turn's texts are written before its end where they come to this, in UTF-16 units. */
const FULL_BATCH = 32 * 1024
/** So much is handed to the system ahead, in bytes: that it takes more is the peer's sign of life. */
const ENOUGH_BYTES = 64 * 1024
/** Above this many unsent bytes what can be had again is withheld. */
const HIGH_WATER_BYTES = 1024 * 1024
/** Above this many the peer is cut: so much is owed to nobody who does not read. */
const MOST_BYTES = 16 * 1024 * 1024
/** How long a peer may read nothing while too much waits for it, in milliseconds. */
const STUCK_MS = 30_000

/** What the outlets of a server have in common. */
export interface OutboundQueueDeps {
  readonly clock: Clock
  readonly tick: Tick
  readonly counts: OutboundCounts
}

/** What became of those who read too slowly. */
export interface OutboundCounts {
  /** How many keep up no longer, at this moment. */
  slow: number
  /** How many events were withheld. */
  withheld: number
  /** How many were cut. */
  cut: number
}

/** What an outlet writes to, and how. */
export interface OutboundTarget {
  readonly raw: RawSocket
  readonly join: Join
  /** Closes the connection with 1013. */
  readonly disconnectSlow: () => void
}

/** A time during which too much waits for the peer. */
interface Congestion {
  readonly over: Promise<void>
  readonly end: () => void
  cancelStuck: Cancel
}

/**
 * What one connection is told: everything of one turn in one write, and not more than the peer
 * reads.
 *
 * Above 1 MiB of unsent bytes events are withheld and nothing is read from the peer, until
 * everything has left. A peer that takes nothing for 30 seconds meanwhile is closed with 1013.
 */
export class OutboundQueue implements Socket {
  readonly #deps: OutboundQueueDeps
  readonly #to: OutboundTarget
  /** What this turn has brought so far. */
  #batch: FrameBatch | undefined
  /** What the system did not take yet, in order. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #congestion: Congestion | undefined
  #ended = false

  constructor(deps: OutboundQueueDeps, to: OutboundTarget) {
    this.#deps = deps
    this.#to = to
  }

  get bufferedAmount(): number {
    return this.#waitingBytes + this.#to.raw.bufferedAmount + (this.#batch?.units ?? 0)
  }

  send(text: string): void {
    if (this.#ended) return
    this.#push(text)
    if (this.#congestion && this.bufferedAmount > MOST_BYTES) this.#disconnectSlow()
  }

  sendDroppable(text: string): boolean {
    if (this.#congestion) {
      this.#deps.counts.withheld += 1
      return false
    }
    if (!this.#ended) this.#push(text)
    return true
  }

  drained(): Promise<void> | undefined {
    return this.#congestion?.over
  }

  ping(): void {
    this.#to.raw.ping?.()
  }

  close(code: number, reason: string): void {
    if (this.#ended) return
    this.flush()
    for (const frames of this.#waiting) this.#to.raw.write(frames, this.#taken)
    this.end()
    this.#to.raw.close(code, reason)
  }

  /** Writes what this turn has brought. */
  flush(): void {
    if (!this.#batch || this.#ended) return
    for (const frames of this.#batch.frames) {
      this.#waiting.push(frames)
      this.#waitingBytes += frames.length
    }
    this.#batch = undefined
    this.#pump()
    if (!this.#congestion && this.bufferedAmount > HIGH_WATER_BYTES) this.#congest()
  }

  /** The connection is gone. */
  end(): void {
    this.#ended = true
    this.#batch = undefined
    this.#waiting = []
    this.#waitingBytes = 0
    this.#decongest()
  }

  #push(text: string): void {
    const { tick } = this.#deps
    if (!this.#batch) tick.request(this)
    this.#batch = (this.#batch ?? tick.begin(this.#to.join)).and(text)
    if (this.#batch.units >= FULL_BATCH) this.flush()
  }

  /** Hands over frame by frame, as long as the system takes them. */
  #pump(): void {
    const { raw } = this.#to
    for (let [frames] = this.#waiting; frames; [frames] = this.#waiting) {
      if (raw.bufferedAmount >= ENOUGH_BYTES) return
      this.#waiting.shift()
      this.#waitingBytes -= frames.length
      raw.write(frames, this.#taken)
    }
  }

  readonly #taken = (): void => {
    this.#pump()
    if (!this.#congestion) return
    this.#congestion.cancelStuck()
    if (this.bufferedAmount === 0) this.#decongest()
    else this.#congestion.cancelStuck = this.#watch()
  }

  #congest(): void {
    let end = (): void => {}
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#congestion = { over, end, cancelStuck: this.#watch() }
    this.#deps.counts.slow += 1
    // Whoever does not read the answers shall not ask for more.
    this.#to.raw.pause()
  }

  #decongest(): void {
    if (!this.#congestion) return
    this.#congestion.cancelStuck()
    this.#congestion.end()
    this.#congestion = undefined
    this.#deps.counts.slow -= 1
    this.#to.raw.resume()
  }

  #watch(): Cancel {
    return this.#deps.clock.after(STUCK_MS, () => this.#disconnectSlow())
  }

  #disconnectSlow(): void {
    this.#deps.counts.cut += 1
    this.#to.disconnectSlow()
  }
}
