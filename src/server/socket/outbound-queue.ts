import type { Cancel, Clock } from '../../base/clock.ts'
import type { FrameBatch, Join, Tick } from './frame-batch.ts'
import type { RawSocket, Socket } from './socket.ts'

/** Size of a batch that is written before the tick ends, in UTF-16 units. */
const FULL_BATCH = 32 * 1024
/** Bytes handed to the system ahead; a small amount, so that the peer's progress is visible. */
const WRITE_AHEAD_BYTES = 64 * 1024
/** Above this many unsent bytes, droppable texts are withheld. */
const HIGH_WATER_BYTES = 1024 * 1024
/** Disconnect a peer with more unsent bytes than this. */
const MAX_BYTES = 16 * 1024 * 1024
/** Time without progress after which a congested peer is disconnected, in milliseconds. */
const STUCK_MS = 30_000

/**
 * The outbound queue of one connection: batches the texts of a tick into one write, and applies
 * back-pressure.
 *
 * Above 1 MiB of unsent bytes, droppable texts are withheld and the socket is not read, until the
 * queue is empty. A peer that takes nothing for 30 seconds meanwhile is closed with 1013.
 *
 * The session in front of it sends nothing after `close` or `end`.
 */
export class OutboundQueue implements Socket {
  /** Closes the connection with 1013 when the peer is too slow. */
  owner: { slow(): void } | undefined
  readonly #deps: OutboundQueueDeps
  readonly #raw: RawSocket
  readonly #join: Join
  /** Texts of the present tick. */
  #batch: FrameBatch | undefined
  /** Frames not yet handed to the system, in order. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #congestion: Congestion | undefined

  /** @param join joins the texts of a tick; if undefined, each text is a frame */
  constructor(deps: OutboundQueueDeps, raw: RawSocket, join: Join) {
    this.#deps = deps
    this.#raw = raw
    this.#join = join
  }

  get bufferedAmount(): number {
    return this.#waitingBytes + this.#raw.bufferedAmount + (this.#batch?.units ?? 0)
  }

  send(text: string): void {
    this.#push(text)
    if (this.#congestion && this.bufferedAmount > MAX_BYTES) this.#disconnectSlow()
  }

  sendDroppable(text: string): boolean {
    if (this.#congestion) {
      this.#deps.counts.withheld += 1
      return false
    }
    this.#push(text)
    return true
  }

  drained(): Promise<void> | undefined {
    return this.#congestion?.over
  }

  ping(): void {
    this.#raw.ping?.()
  }

  close(code: number, reason: string): void {
    try {
      this.flush()
      for (const frames of this.#waiting) this.#raw.write(frames)
    } finally {
      this.end()
      this.#raw.close(code, reason)
    }
  }

  /** Writes the texts of the present tick. */
  flush(): void {
    const batch = this.#batch
    if (!batch) return
    this.#batch = undefined
    for (const frames of batch.frames) this.#write(frames)
    if (!this.#congestion && this.bufferedAmount > HIGH_WATER_BYTES) this.#congest()
  }

  /** Drops everything queued, because the connection is closed. */
  end(): void {
    this.#batch = undefined
    this.#waiting = []
    this.#waitingBytes = 0
    this.#decongest()
  }

  #push(text: string): void {
    const { tick } = this.#deps
    if (!this.#batch) tick.request(this)
    this.#batch = (this.#batch ?? tick.begin(this.#join)).and(text)
    if (this.#batch.units >= FULL_BATCH) this.flush()
  }

  /** Hands frames to the system, or lets them wait while it has {@link WRITE_AHEAD_BYTES}. */
  #write(frames: Buffer): void {
    const ahead = this.#raw.bufferedAmount
    if (ahead < WRITE_AHEAD_BYTES && !this.#waiting.length) this.#hand(frames, ahead)
    else {
      this.#waiting.push(frames)
      this.#waitingBytes += frames.length
    }
  }

  /** Hands waiting frames to the system, up to {@link WRITE_AHEAD_BYTES}. */
  #pump(): void {
    for (let [frames] = this.#waiting; frames; [frames] = this.#waiting) {
      const ahead = this.#raw.bufferedAmount
      if (ahead >= WRITE_AHEAD_BYTES) return
      this.#waiting.shift()
      this.#waitingBytes -= frames.length
      this.#hand(frames, ahead)
    }
  }

  /** Writes frames; asks for a callback, which costs time, only if others may have to wait. */
  #hand(frames: Buffer, ahead: number): void {
    if (ahead || this.#congestion || frames.length >= WRITE_AHEAD_BYTES) this.#handAwaited(frames)
    else this.#raw.write(frames)
  }

  #handAwaited(frames: Buffer): void {
    this.#raw.write(frames, () => this.#taken())
  }

  #taken(): void {
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
    // A peer that does not read replies must not send more requests.
    this.#raw.pause()
  }

  #decongest(): void {
    if (!this.#congestion) return
    this.#congestion.cancelStuck()
    this.#congestion.end()
    this.#congestion = undefined
    this.#deps.counts.slow -= 1
    this.#raw.resume()
  }

  #watch(): Cancel {
    return this.#deps.clock.after(STUCK_MS, () => this.#disconnectSlow())
  }

  #disconnectSlow(): void {
    this.owner?.slow()
  }
}

/** Dependencies that all outbound queues of a server share. */
export interface OutboundQueueDeps {
  readonly clock: Clock
  readonly tick: Tick
  readonly counts: OutboundCounts
}

/** Counts of slow peers. */
export interface OutboundCounts {
  /** Peers that are congested now. */
  slow: number
  /** Texts withheld so far. */
  withheld: number
}

/** A period in which the peer has too many unsent bytes. */
interface Congestion {
  readonly over: Promise<void>
  readonly end: () => void
  cancelStuck: Cancel
}
