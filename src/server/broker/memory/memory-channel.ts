import type { Position } from '../../../protocol/frame.ts'
import type { ChannelListener, HistorySlice } from '../broker.ts'
import { HISTORY_EVENTS, HISTORY_MS } from '../broker.ts'
import type { NewEvent } from '../channel-event.ts'
import { ChannelEvent } from '../channel-event.ts'

/** Approximate size of an event without its payload, in bytes. */
const EVENT_BYTES = 512

/** One channel of a memory broker: its offset counter, its history, and its listeners. */
export class MemoryChannel {
  readonly name: string
  readonly epoch: string
  readonly listeners = new Set<{ readonly listener: ChannelListener }>()
  /** Time of the last use, on the monotonic clock. */
  usedAt = 0
  #offset = 0
  #bytes = 0
  readonly #events: { readonly event: ChannelEvent; readonly at: number }[] = []

  constructor(name: string, epoch: string) {
    this.name = name
    this.epoch = epoch
  }

  /** The newest position. */
  get head(): Position {
    return { epoch: this.epoch, offset: this.#offset }
  }

  /** Approximate size of the history, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds an event, and drops the events above the limits of the history. */
  add(event: NewEvent, now: number): ChannelEvent {
    this.#offset += 1
    const added = new ChannelEvent(this.name, this.head, event)
    this.#events.push({ event: added, at: now })
    this.#bytes += bytesOf(added)
    if (this.#events.length > HISTORY_EVENTS) this.dropOldest()
    this.dropOld(now)
    return added
  }

  /** Returns the events after a position. */
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

/** Counts the payload twice: it is held as JSON, and within the encoded text. */
function bytesOf({ json = '' }: ChannelEvent): number {
  return EVENT_BYTES + 2 * json.length
}
