import { WirefoldError } from '../base/errors.ts'
import type { Codec } from '../wire/codec.ts'

/** The largest first frame, which carries the greeting, in bytes; see `docs/protocol.md`. */
const FIRST_FRAME_BYTES = 16 * 1024
/** The largest frame where the server does not tell, in bytes. */
const FRAME_BYTES = 64 * 1024

/** What a sender needs of its socket. */
export interface SenderPort {
  readonly codec: Codec
  /** Whether several messages may travel as one array. */
  readonly batches: boolean
  send(data: string): void
}

/**
 * Joins what is said in one turn into one frame.
 *
 * The first frame leaves as soon as it is flushed; what does not fit into it, and whatever is said
 * until the server has welcomed us, waits for that.
 */
export class Sender {
  readonly #port: SenderPort
  #limit = FIRST_FRAME_BYTES
  #parts: string[] = []
  #greeted = false
  #welcomed = false
  #scheduled = false
  #ended = false

  constructor(port: SenderPort) {
    this.#port = port
  }

  /**
   * Has a message sent at the end of this turn.
   *
   * Throws `too-large` where it alone is more than the server accepts.
   */
  push(wire: unknown): void {
    const text = this.#port.codec.encode(wire)
    const limit = this.#welcomed ? this.#limit : FRAME_BYTES
    const bytes = byteLength(text, limit)
    if (bytes > limit) {
      throw new WirefoldError(
        'too-large',
        `A message of ${bytes} bytes is more than the ${limit} the server accepts. Send less at once.`,
        { bytes, limit },
      )
    }
    this.#parts.push(text)
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => this.flush())
  }

  /** The server knows us: what waited may go, in frames of up to `frameBytes`. */
  welcomed(frameBytes: number | undefined): void {
    this.#welcomed = true
    this.#limit = frameBytes ?? FRAME_BYTES
    this.flush()
  }

  /** Nothing leaves any more. */
  end(): void {
    this.#ended = true
    this.#parts = []
  }

  /** Sends what there is, now. */
  flush(): void {
    this.#scheduled = false
    while (!this.#ended && this.#parts.length > 0 && (this.#welcomed || !this.#greeted)) {
      this.#greeted = true
      const { codec } = this.#port
      const frame = this.#parts.splice(0, this.#port.batches ? this.#fitting() : 1)
      this.#port.send(frame.length === 1 && frame[0] !== undefined ? frame[0] : codec.join(frame))
    }
  }

  /** How many of the waiting messages fit into one frame: at least one. */
  #fitting(): number {
    let bytes = 2
    let count = 0
    for (const part of this.#parts) {
      bytes += byteLength(part, this.#limit) + 1
      if (bytes > this.#limit && count > 0) break
      count++
    }
    return count
  }
}

/** Bytes in UTF-8; counted only where the text may come near the limit. */
function byteLength(text: string, limit: number): number {
  const most = text.length * 3
  return most <= limit / 16 ? most : new TextEncoder().encode(text).length
}
