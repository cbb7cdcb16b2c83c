import type { Position } from '../../../protocol/frame.ts'
import type { ChannelListener, HistorySlice } from '../broker.ts'
import type { NewEvent } from '../channel-event.ts'
import { ChannelEvent } from '../channel-event.ts'

/** Approximate cost of an event without its payload, in bytes; measured on V8. */
const EVENT_BYTES = 300
/** Approximate cost of a channel without its events and its name, in bytes; measured on V8. */
const CHANNEL_BYTES = 400

/** One channel of a memory broker: its offset counter, its history, and its listeners. */
export class MemoryChannel {
  readonly name: string
  readonly epoch: string
  /** Time of the last use, on the monotonic clock. */
  usedAt = 0
  /** Created with the first listener, since most channels have none. */
  #listeners: Set<{ readonly listener: ChannelListener }> | undefined
  #offset: number
  #bytes: number
  /** The events in order; a dropped one leaves its place empty until the array is shortened. */
  #events: (StoredEvent | undefined)[] = []
  /** Index of the oldest event. */
  #first = 0

  /** @param offset the offset of the last event */
  constructor(name: string, epoch: string, offset: number) {
    this.name = name
    this.epoch = epoch
    this.#offset = offset
    this.#bytes = CHANNEL_BYTES + sizeOf(name)
  }

  /** The newest position. */
  get head(): Position {
    return { epoch: this.epoch, offset: this.#offset }
  }

  /** Approximate size in memory, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Number of events in the history. */
  get size(): number {
    return this.#events.length - this.#first
  }

  /** Whether the channel has listeners. */
  get observed(): boolean {
    return this.#listeners !== undefined
  }

  /**
   * Adds a listener.
   *
   * @returns a function that removes it, and returns whether it was still there
   */
  observe(listener: ChannelListener): () => boolean {
    // A new object per call, so that the same listener can subscribe twice.
    const entry = { listener }
    const listeners = this.#listeners ?? new Set()
    this.#listeners = listeners.add(entry)
    return () => {
      const removed = listeners.delete(entry)
      if (!listeners.size && this.#listeners === listeners) this.#listeners = undefined
      return removed
    }
  }

  /** Calls the listeners with an event of this channel. */
  deliver(event: ChannelEvent): void {
    for (const { listener } of this.#listeners ?? []) listener.event(event)
  }

  /** Adds an event. */
  add(event: NewEvent, now: number): ChannelEvent {
    this.#offset += 1
    const { head } = this
    const added = new ChannelEvent(this.name, head, event)
    const bytes = EVENT_BYTES + sizeOf(event.json ?? '')
    this.#events.push({ event, offset: head.offset, at: now, bytes, read: undefined })
    this.#bytes += bytes
    return added
  }

  /** Returns the events after a position. */
  since({ epoch, offset }: Position): HistorySlice {
    const { head } = this
    const missed = head.offset - offset
    const complete = epoch === head.epoch && missed >= 0 && missed <= this.size
    const from = complete ? this.#events.length - missed : this.#events.length
    const events = this.#events
      .slice(from)
      .flatMap((stored) => (stored ? [this.#revive(stored)] : []))
    return { head, events, complete }
  }

  /** Drops events until none is older than `keepMs` and the channel is no larger than `bytes`. */
  trim(now: number, keepMs: number, bytes: number): void {
    for (let oldest = this.#events[this.#first]; oldest; oldest = this.#events[this.#first]) {
      if (now - oldest.at <= keepMs && this.#bytes <= bytes) return
      this.dropOldest()
    }
  }

  /** Drops the oldest event. */
  dropOldest(): void {
    const oldest = this.#events[this.#first]
    if (!oldest) return
    this.#bytes -= oldest.bytes
    this.#events[this.#first] = undefined
    this.#first += 1
    // `shift()` would move all other events each time, which takes long once there are many.
    if (this.#first * 2 < this.#events.length) return
    this.#events = this.#events.slice(this.#first)
    this.#first = 0
  }

  /**
   * Returns the event with its encoded texts if another replay still uses it; otherwise a new one.
   * The history itself keeps the payload only, so that each event is held once.
   */
  #revive(stored: StoredEvent): ChannelEvent {
    const read = stored.read?.deref()
    if (read) return read
    const { epoch } = this
    const revived = new ChannelEvent(this.name, { epoch, offset: stored.offset }, stored.event)
    stored.read = new WeakRef(revived)
    return revived
  }
}

/** An event in a history. */
interface StoredEvent {
  readonly event: NewEvent
  readonly offset: number
  /** Time of publishing, on the monotonic clock. */
  readonly at: number
  readonly bytes: number
  /** The event as it was last read, while a replay still uses it. */
  read: WeakRef<ChannelEvent> | undefined
}

/** Returns the size of a text in memory, in bytes: V8 stores texts beyond Latin-1 as UTF-16. */
export function sizeOf(text: string): number {
  return /[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length
}
