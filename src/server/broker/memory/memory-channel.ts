import type { Position } from '../../../protocol/frame.ts'
import type { ChannelListener, HistorySlice } from '../broker.ts'
import { HISTORY_EVENTS, HISTORY_MS } from '../broker.ts'
import type { NewEvent } from '../channel-event.ts'
import { ChannelEvent } from '../channel-event.ts'

/** What an event takes besides its payload, in bytes; about. */
const EVENT_BYTES = 512

/** One channel of a memory broker: its counter, its last events, and who listens. */
export class MemoryChannel {
  readonly name: string
  readonly epoch: string
  readonly listeners = new Set<{ readonly listener: ChannelListener }>()
  /** When anybody last had to do with it, on the monotonic clock. */
  usedAt = 0
  #offset = 0
  #bytes = 0
  readonly #events: { readonly event: ChannelEvent; readonly at: number }[] = []

  constructor(name: string, epoch: string) {
    this.name = name
    this.epoch = epoch
  }

  /** Where the history stands. */
  get head(): Position {
    return { epoch: this.epoch, offset: this.#offset }
  }

  /** How much memory the events take; about. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds an event, and drops what makes the history too long. */
  add(event: NewEvent, now: number): ChannelEvent {
    this.#offset += 1
    const placed = new ChannelEvent(this.name, this.head, event)
    this.#events.push({ event: placed, at: now })
    this.#bytes += bytesOf(placed)
    if (this.#events.length > HISTORY_EVENTS) this.dropOldest()
    this.dropOld(now)
    return placed
  }

  /** What happened after a position. */
  since({ epoch, offset }: Position): HistorySlice {
    const { head } = this
    const missed = head.offset - offset
    const complete = epoch === head.epoch && missed >= 0 && missed <= this.#events.length
    const from = complete ? this.#events.length - missed : this.#events.length
    return { head, events: this.#events.slice(from).map(({ event }) => event), complete }
  }

  /** Drops the events that are too old. */
  dropOld(now: number): void {
    for (let first = this.#events[0]; first && now - first.at > HISTORY_MS; ) {
      this.dropOldest()
      first = this.#events[0]
    }
  }

  /** Drops the oldest event. */
  dropOldest(): void {
    const oldest = this.#events.shift()
    if (oldest) this.#bytes -= bytesOf(oldest.event)
  }
}

/** The payload is held twice: as it came, and within the text that was sent. */
function bytesOf({ json = '' }: ChannelEvent): number {
  return EVENT_BYTES + 2 * json.length
}
