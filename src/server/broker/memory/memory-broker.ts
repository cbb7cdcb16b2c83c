import type { Clock } from '../../../base/clock.ts'
import { systemClock } from '../../../base/clock.ts'
import { randomId } from '../../../base/ids.ts'
import { lazy } from '../../../base/lazy.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { Broker, ChannelListener, HistorySlice, StoredReply } from '../broker.ts'
import { COUNTER_MS, HISTORY_MS } from '../broker.ts'
import type { NewEvent } from '../channel-event.ts'
import type { PresenceStore } from '../presence-store.ts'
import type { ReplyStore } from '../reply-store.ts'
import { publishedRecord } from '../request-record.ts'
import { MemoryChannel } from './memory-channel.ts'
import { MemoryPresence } from './memory-presence.ts'
import { MemoryReplies } from './memory-replies.ts'

/** Approximate maximum size of all histories, in bytes. */
const HISTORY_BYTES = 64 * 1024 * 1024
/** Maximum number of counters of channels without events and listeners. */
const MOST_COUNTERS = 100_000

/** Options of a {@link MemoryBroker}. */
export interface MemoryBrokerOptions {
  /**
   * The source of time and timers.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/**
 * A broker in memory, for one process. It keeps the last 1,000 events or 5 minutes of every
 * channel, and about 64 MiB in all; beyond that, the least recently used channel loses its events
 * first.
 *
 * A channel's offset counter is kept for 24 hours after its last use, for at most 100,000 channels
 * without events and listeners. There are no timers: later calls drop what has expired.
 */
export class MemoryBroker implements Broker {
  readonly #clock: Clock
  readonly #replies: MemoryReplies
  readonly #presence: MemoryPresence
  readonly #channels = new Map<string, MemoryChannel>()
  /** Channels with events, least recently used first. */
  readonly #warm = new Set<MemoryChannel>()
  /** Channels with a counter, but without events and listeners; least recently used first. */
  readonly #cold = new Set<MemoryChannel>()
  /** Channels that never had an event: kept apart, so that many of them do not evict counters. */
  readonly #blank = new Set<MemoryChannel>()
  #bytes = 0
  /**
   * The epoch of new histories. It changes when a counter is evicted, so that a channel that starts
   * again never reuses an old position.
   */
  #epoch = lazy(randomId)

  constructor(options: MemoryBrokerOptions = {}) {
    this.#clock = options.clock ?? systemClock
    this.#replies = new MemoryReplies(this.#clock)
    this.#presence = new MemoryPresence({
      clock: this.#clock,
      append: (channel, event) => this.#append(channel, event),
      head: (channel) => this.#head(channel),
    })
  }

  get replies(): ReplyStore {
    return this.#replies
  }

  get presence(): PresenceStore {
    return this.#presence
  }

  async publish(
    names: readonly string[],
    event: NewEvent,
    remember?: StoredReply,
  ): Promise<readonly Position[]> {
    const positions = names.map((name) => this.#append(name, event))
    const [at] = positions
    if (remember && at) {
      const record = publishedRecord({ channel: event.source, ...at })
      await this.#replies.settle(remember.key, record, remember.keepMs)
    }
    return positions
  }

  async subscribe(name: string, listener: ChannelListener): Promise<() => void> {
    // Registers the channel, so that its epoch is stable even before the first event.
    const channel = this.#open(name)
    // A new object per call, so that the same listener can subscribe twice.
    const entry = { listener }
    channel.listeners.add(entry)
    this.#use(channel)
    return () => {
      if (channel.listeners.delete(entry)) this.#use(channel)
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
    this.#replies.clear()
    this.#presence.clear()
  }

  #append(name: string, event: NewEvent): Position {
    const channel = this.#open(name)
    const added = this.#resize(channel, () => channel.add(event, this.#clock.now()))
    this.#use(channel)
    for (const { listener } of channel.listeners) listener.event(added)
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

  /** Marks a channel as used, and evicts what is too old or too much. */
  #use(channel: MemoryChannel): void {
    // The broker was closed, or the channel evicted: do not add it again.
    if (this.#channels.get(channel.name) !== channel) return
    const now = this.#clock.now()
    channel.usedAt = now
    this.#classify(channel)
    this.#evictEvents(now)
    this.#evictCounters(this.#cold, now)
    this.#evictCounters(this.#blank, now)
  }

  #classify(channel: MemoryChannel): void {
    this.#warm.delete(channel)
    this.#cold.delete(channel)
    this.#blank.delete(channel)
    if (channel.bytes) this.#warm.add(channel)
    else if (channel.listeners.size) return
    else if (channel.head.offset) this.#cold.add(channel)
    else this.#blank.add(channel)
  }

  /** Drops old events, and above the limit those of the least recently used channels. */
  #evictEvents(now: number): void {
    for (const channel of this.#warm) {
      const old = now - channel.usedAt > HISTORY_MS
      if (!old && this.#bytes <= HISTORY_BYTES) return
      while (channel.bytes && (old || this.#bytes > HISTORY_BYTES)) {
        this.#resize(channel, () => channel.dropOldest())
      }
      if (!channel.bytes) this.#classify(channel)
    }
  }

  /** Drops counters that were not used for a day, and the least recently used above the limit. */
  #evictCounters(counters: Set<MemoryChannel>, now: number): void {
    for (const channel of counters) {
      if (now - channel.usedAt <= COUNTER_MS && counters.size <= MOST_COUNTERS) return
      counters.delete(channel)
      this.#channels.delete(channel.name)
      if (channel.head.offset) this.#epoch = lazy(randomId)
    }
  }

  /** @internal Vue's `reactive` does not proxy objects with their own `toStringTag`. */
  get [Symbol.toStringTag](): string {
    return 'MemoryBroker'
  }
}
