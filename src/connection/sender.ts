import type { Cancel, Clock } from '../base/clock.ts'
import { WirefoldError } from '../base/errors.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { utf8Length } from '../base/utf8-length.ts'
import type { Ticket } from '../ports/outgoing-request.ts'
import type { Codec } from '../protocol/codec.ts'

/** The largest first frame, which carries the greeting, in bytes; see `docs/protocol.md`. */
const FIRST_FRAME_BYTES = 16 * 1024

/** The largest frame where the server does not tell, in bytes. */
const FRAME_BYTES = 64 * 1024

/** No server means less than this, whatever it says. */
const LEAST_FRAME_BYTES = 256

/** However slow the server is, so many messages go at once. */
const LEAST_BURST = 2

/** Above this many bytes that have not left yet we wait for the network. */
const HIGH_WATER_BYTES = 1024 * 1024

/** How often we look whether it has caught up, in milliseconds. */
const DRAIN_MS = 50

/** What a sender needs of its socket. */
export interface SenderDeps {
  readonly clock: Clock
  readonly codec: Codec
  /** Whether several messages may travel as one array. */
  readonly batches: boolean
  /** Bytes that were sent and have not left yet. */
  bufferedAmount(): number
  send(data: string): void
}

interface Part {
  readonly text: string
  /** In UTF-8. */
  readonly bytes: number
  readonly ticket: Ticket | undefined
}

/**
 * Joins what is said in one turn into one frame, and sends no faster than the server and the network
 * take it.
 *
 * The first frame leaves as soon as it is flushed; what does not fit into it, and whatever is said
 * until the server has welcomed us, waits for that.
 */
export class Sender {
  readonly #deps: SenderDeps
  #limit = FIRST_FRAME_BYTES
  #parts: Part[] = []
  #greeted = false
  #welcomed = false
  #scheduled = false
  #ended = false
  #bucket: TokenBucket | undefined
  #cancelRetry: Cancel | undefined

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  /**
   * Has a message sent at the end of this turn.
   *
   * Throws `too-large` where it alone is more than the server accepts.
   */
  push(wire: unknown, ticket?: Ticket): void {
    const text = this.#deps.codec.encode(wire)
    const limit = this.#welcomed ? this.#limit : FRAME_BYTES
    const bytes = utf8Length(text)
    if (bytes > limit) {
      throw new WirefoldError(
        'too-large',
        `A message of ${bytes} bytes is more than the ${limit} the server accepts. Send less at once.`,
        { bytes, limit },
      )
    }
    this.#parts.push({ text, bytes, ticket })
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => this.flush())
  }

  /** Whether more waits for the network than it takes soon. */
  get congested(): boolean {
    return this.#deps.bufferedAmount() > HIGH_WATER_BYTES
  }

  /** Sends a message now, before everything that waits: a sign of life must not queue. */
  urgent(wire: unknown): void {
    if (this.#ended || !this.#welcomed) return
    this.#bucket?.take(1)
    this.#deps.send(this.#deps.codec.encode(wire))
  }

  /**
   * The server knows us: what waited may go, in frames of up to `frameBytes` and at no more than
   * `messagesPerSecond`, of which one second's worth goes at once. The server takes two: what the
   * network holds back for a moment arrives at once, too.
   */
  welcomed(frameBytes: number | undefined, messagesPerSecond: number | undefined): void {
    this.#welcomed = true
    this.#limit = Math.max(frameBytes ?? FRAME_BYTES, LEAST_FRAME_BYTES)
    if (messagesPerSecond !== undefined && messagesPerSecond > 0) {
      const now = this.#deps.clock.now()
      const burst = Math.max(messagesPerSecond, LEAST_BURST)
      this.#bucket = new TokenBucket(messagesPerSecond, burst, now)
    }
    this.flush()
  }

  /** Nothing leaves any more. */
  end(): void {
    this.#ended = true
    this.#parts = []
    this.#cancelRetry?.()
  }

  /** Sends what there is and may go now. */
  flush(): void {
    this.#scheduled = false
    this.#parts = this.#parts.filter(({ ticket }) => !ticket?.cancelled)
    while (!this.#ended && this.#parts.length > 0 && (this.#welcomed || !this.#greeted)) {
      const waitMs = this.#waitMs()
      if (waitMs > 0) {
        this.#retry(waitMs)
        return
      }
      this.#greeted = true
      this.#sendFrame(this.#parts.splice(0, this.#deps.batches ? this.#fitting() : 1))
    }
  }

  #sendFrame(parts: readonly Part[]): void {
    const { codec } = this.#deps
    const texts = parts.map(({ text }) => text)
    this.#bucket?.take(parts.length)
    this.#deps.send(texts.length === 1 && texts[0] !== undefined ? texts[0] : codec.join(texts))
    for (const { ticket } of parts) ticket?.left()
  }

  /** How long nothing may be sent yet, in milliseconds. */
  #waitMs(): number {
    if (this.congested) return DRAIN_MS
    return this.#bucket?.waitMs(this.#deps.clock.now()) ?? 0
  }

  #retry(ms: number): void {
    this.#cancelRetry?.()
    this.#cancelRetry = this.#deps.clock.after(ms, () => this.flush())
  }

  /** How many of the waiting messages fit into one frame and may go now: at least one. */
  #fitting(): number {
    const most = this.#bucket?.available ?? Number.POSITIVE_INFINITY
    let total = 2
    let count = 0
    for (const { bytes } of this.#parts) {
      total += bytes + 1
      if (count > 0 && (total > this.#limit || count >= most)) break
      count++
    }
    return count
  }
}
