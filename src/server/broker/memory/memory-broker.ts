import type { Clock } from '../../../base/clock.ts'
import { systemClock } from '../../../base/clock.ts'
import { randomId } from '../../../base/ids.ts'
import { lazy } from '../../../base/lazy.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { Broker, ChannelListener, HistorySlice, Remember } from '../broker.ts'
import { COUNTER_MS, HISTORY_MS } from '../broker.ts'
import type { NewEvent } from '../channel-event.ts'
import type { PresenceStore } from '../presence-store.ts'
import type { ReplyStore } from '../reply-store.ts'
import { publishedRecord } from '../request-record.ts'
import { MemoryAnswers } from './memory-answers.ts'
import { MemoryChannel } from './memory-channel.ts'
import { MemoryPresence } from './memory-presence.ts'

/** The most memory that all histories take, in bytes; about. */
const HISTORY_BYTES = 64 * 1024 * 1024
/** The most counters kept of channels that have neither events nor listeners any more. */
const MOST_COUNTERS = 100_000

/** How a {@link MemoryBroker} is made. */
export interface MemoryBrokerOptions {
  /**
   * Where time comes from.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/**
 * A broker within this process: the last 1,000 events or 5 minutes of every channel, and about 64 MiB
 * of them in all. Where that is not enough, the channel that was not used for longest loses its
 * events first.
 *
 * A counter outlives its events by 24 hours, unless there are more than 100,000 such. Nothing here
 * runs on a timer: what is too old is dropped by the calls that follow.
 */
export class MemoryBroker implements Broker {
  readonly #clock: Clock
  readonly #answers: MemoryAnswers
  readonly #presence: MemoryPresence
  readonly #channels = new Map<string, MemoryChannel>()
  /** The channels that have events; the one used last is the last. */
  readonly #warm = new Set<MemoryChannel>()
  /** The channels whose counter outlived events and listeners; the one used last is the last. */
  readonly #cold = new Set<MemoryChannel>()
  /** The same for those that never had an event: many of them must not cost anybody's counter. */
  readonly #blank = new Set<MemoryChannel>()
  #bytes = 0
  /**
   * The epoch of histories that begin now. A counter that is forgotten ends it: what begins
   * afterwards must not be taken for what was forgotten.
   */
  #epoch = lazy(randomId)

  constructor(options: MemoryBrokerOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#answers = new MemoryAnswers(this.#clock)
    this.#presence = new MemoryPresence({
      clock: this.#clock,
      append: (channel, event) => this.#append(channel, event),
      head: (channel) => this.#head(channel),
    })
  }

  get answers(): ReplyStore {
    return this.#answers
  }

  get presence(): PresenceStore {
    return this.#presence
  }

  async publish(
    names: readonly string[],
    event: NewEvent,
    remember?: Remember,
  ): Promise<readonly Position[]> {
    const positions = names.map((name) => this.#append(name, event))
    const [at] = positions
    if (remember && at) {
      const record = publishedRecord({ channel: event.source, ...at })
      await this.#answers.settle(remember.key, record, remember.keepMs)
    }
    return positions
  }

  async subscribe(name: string, listener: ChannelListener): Promise<() => void> {
    // From here on it is known, so that its epoch outlives a break before the first event.
    const channel = this.#open(name)
    // An object of its own for every call, so that one listener may be subscribed twice.
    const own = { listener }
    channel.listeners.add(own)
    this.#use(channel)
    return () => {
      if (channel.listeners.delete(own)) this.#use(channel)
    }
  }

  async head(name: string): Promise<Position> {
    return this.#head(name)
  }

  async since(name: string, position: Position): Promise<HistorySlice> {
    const channel = this.#channels.get(name)
    if (!channel) return new MemoryChannel(name, this.#epoch()).since(position)
    this.#resize(channel, () => channel.dropOld(this.#clock.now()))
    this.#use(channel)
    return channel.since(position)
  }

  async close(): Promise<void> {
    this.#channels.clear()
    this.#warm.clear()
    this.#cold.clear()
    this.#blank.clear()
    this.#bytes = 0
    this.#answers.clear()
    this.#presence.clear()
  }

  #append(name: string, event: NewEvent): Position {
    const channel = this.#open(name)
    const placed = this.#resize(channel, () => channel.add(event, this.#clock.now()))
    this.#use(channel)
    for (const { listener } of channel.listeners) listener.event(placed)
    return channel.head
  }

  #head(name: string): Position {
    return this.#channels.get(name)?.head ?? { epoch: this.#epoch(), offset: 0 }
  }

  #open(name: string): MemoryChannel {
    const channel = this.#channels.get(name) ?? new MemoryChannel(name, this.#epoch())
    this.#channels.set(name, channel)
    return channel
  }

  #resize<T>(channel: MemoryChannel, step: () => T): T {
    this.#bytes -= channel.bytes
    const result = step()
    this.#bytes += channel.bytes
    return result
  }

  /** Notes that a channel was used, and lets go of what is too old or too much. */
  #use(channel: MemoryChannel): void {
    // One that a broker closed meanwhile let go of stays gone.
    if (this.#channels.get(channel.name) !== channel) return
    const now = this.#clock.now()
    channel.usedAt = now
    this.#place(channel)
    this.#cool(now)
    this.#forget(this.#cold, now)
    this.#forget(this.#blank, now)
  }

  #place(channel: MemoryChannel): void {
    this.#warm.delete(channel)
    this.#cold.delete(channel)
    this.#blank.delete(channel)
    if (channel.bytes) this.#warm.add(channel)
    else if (channel.listeners.size) return
    else if (channel.head.offset) this.#cold.add(channel)
    else this.#blank.add(channel)
  }

  /** Drops events: the old ones, and those of the channels not used for longest. */
  #cool(now: number): void {
    for (const channel of this.#warm) {
      const old = now - channel.usedAt > HISTORY_MS
      if (!old && this.#bytes <= HISTORY_BYTES) return
      while (channel.bytes && (old || this.#bytes > HISTORY_BYTES)) {
        this.#resize(channel, () => channel.dropOldest())
      }
      if (!channel.bytes) this.#place(channel)
    }
  }

  /** Forgets counters: those not used for a day, and those that are too many. */
  #forget(counters: Set<MemoryChannel>, now: number): void {
    for (const channel of counters) {
      if (now - channel.usedAt <= COUNTER_MS && counters.size <= MOST_COUNTERS) return
      counters.delete(channel)
      this.#channels.delete(channel.name)
      if (channel.head.offset) this.#epoch = lazy(randomId)
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'MemoryBroker'
  }
}
