import type { Cancel, Clock } from '../base/clock.ts'
import { WirefoldError } from '../base/errors.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { utf8Length } from '../base/utf8-length.ts'
import type { Transport } from '../ports/transport.ts'
import type { Codec, Encoded } from '../protocol/codec.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { Limits } from '../protocol/frame.ts'
import type { AwaitedReply } from './reply-table.ts'

/** The largest first frame, which carries the greeting, in bytes; see `docs/protocol.md`. */
const FIRST_FRAME_BYTES = 16 * 1024

/** The largest frame if the welcome does not limit it, in bytes. */
const FRAME_BYTES = 64 * 1024

/** A lower limit of a welcome counts as this one, in bytes: a subscribe would not fit. */
const LEAST_FRAME_BYTES = 256

/** Number of messages that leave at once, however few per second the server allows. */
const LEAST_BURST = 2

/** Number of bytes in the socket's buffer above which the sender waits for the network. */
const HIGH_WATER_BYTES = 1024 * 1024

/** Interval in which the sender reads the buffer while it waits, in milliseconds. */
const DRAIN_MS = 50

/**
 * Joins the messages of one turn into one frame, and sends no faster than the server and the network
 * accept them.
 *
 * The first frame leaves as soon as it is flushed; messages that do not fit into it, and all that
 * follow, wait for the welcome.
 */
export class Sender {
  readonly #deps: SenderDeps
  readonly #batches: boolean
  readonly #transport: SenderTransport
  #limit = FIRST_FRAME_BYTES
  #parts: Part[] = []
  #greeted = false
  #welcomed = false
  #scheduled = false
  #ended = false
  #bucket: TokenBucket | undefined
  #cancelRetry: Cancel | undefined

  /** @param batches whether several messages may be sent as one array */
  constructor(deps: SenderDeps, batches: boolean, transport: SenderTransport) {
    this.#deps = deps
    this.#batches = batches
    this.#transport = transport
  }

  /**
   * Sends messages at the end of this turn. Throws `too-large` if the server accepts less than one of
   * them, and sends none of them then.
   *
   * @param awaitedOf returns the record of a message that is queued
   */
  push(messages: readonly Outgoing[], awaitedOf?: (message: Outgoing) => AwaitedReply): void {
    const parts = messages.map((message) => this.#part(message))
    for (const part of parts) {
      part.awaited = awaitedOf?.(part.message)
      this.#parts.push(part)
    }
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => this.flush())
  }

  #part(message: Outgoing): Part {
    const data = this.#deps.codec.encode(message.wire)
    const limit = this.#welcomed ? this.#limit : FRAME_BYTES
    const bytes = typeof data === 'string' ? utf8Length(data) : data.byteLength
    if (bytes <= limit) return { message, data, bytes, awaited: undefined }
    throw new WirefoldError(
      'too-large',
      `A message of ${bytes} bytes is more than the ${limit} the server accepts. Send less at once.`,
      { bytes, limit },
    )
  }

  /** Whether the socket's buffer holds so much that messages wait for the network. */
  get congested(): boolean {
    return this.#transport.bufferedAmount > HIGH_WATER_BYTES
  }

  /** Sends a message now, before those that wait: a sign of life must not queue. */
  urgent(wire: unknown): void {
    if (this.#ended || !this.#welcomed) return
    this.#bucket?.take(1)
    this.#transport.send(this.#deps.codec.encode(wire))
  }

  /**
   * Sends the messages that waited for the welcome, in frames of up to `frameBytes`, and at no more
   * than `messagesPerSecond`, of which one second's worth goes at once. The server allows two:
   * messages that the network held back for a moment arrive at once, too.
   */
  welcomed({ frameBytes = FRAME_BYTES, messagesPerSecond = 0 }: Partial<Limits> = {}): void {
    this.#welcomed = true
    this.#limit = Math.max(frameBytes, LEAST_FRAME_BYTES)
    if (messagesPerSecond > 0) {
      const burst = Math.max(messagesPerSecond, LEAST_BURST)
      this.#bucket = new TokenBucket(messagesPerSecond, burst, this.#deps.clock.now())
    }
    this.flush()
  }

  /** Discards the messages that wait; none is sent any more. */
  end(): void {
    this.#ended = true
    this.#parts = []
    this.#cancelRetry?.()
  }

  /** Sends the messages that may leave now. */
  flush(): void {
    this.#scheduled = false
    this.#parts = this.#parts.filter(({ awaited }) => !awaited?.cancelled)
    while (!this.#ended && this.#parts.length > 0 && (this.#welcomed || !this.#greeted)) {
      const { clock } = this.#deps
      const waitMs = this.congested ? DRAIN_MS : (this.#bucket?.waitMs(clock.now()) ?? 0)
      if (waitMs > 0) {
        this.#cancelRetry?.()
        this.#cancelRetry = clock.after(waitMs, () => this.flush())
        return
      }
      this.#greeted = true
      this.#sendFrame(this.#parts.splice(0, this.#batches ? this.#fitting() : 1))
    }
  }

  #sendFrame(parts: readonly Part[]): void {
    const all = parts.map(({ data }) => data)
    this.#bucket?.take(parts.length)
    this.#transport.send(
      all.length === 1 && all[0] !== undefined ? all[0] : this.#deps.codec.join(all),
    )
    const leftAt = this.#deps.clock.now()
    for (const { awaited } of parts) {
      if (!awaited) continue
      awaited.leftAt = leftAt
      awaited.left()
    }
  }

  /** Returns how many of the waiting messages fit into one frame and may leave now: at least one. */
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

interface Part {
  readonly message: Outgoing
  readonly data: Encoded
  /** A text counts as UTF-8. */
  readonly bytes: number
  awaited: AwaitedReply | undefined
}

/** Dependencies of a {@link Sender}. */
export interface SenderDeps {
  readonly clock: Clock
  readonly codec: Codec
}

/** The part of a transport that a {@link Sender} uses. */
type SenderTransport = Pick<Transport, 'bufferedAmount' | 'send'>
