import type { Clock } from '../../../base/clock.ts'
import { systemClock } from '../../../base/clock.ts'
import { randomId } from '../../../base/ids.ts'
import { checkNames } from '../../../base/known-names.ts'
import { lazy } from '../../../base/lazy.ts'
import { presenceResource } from '../../../protocol/channel-name.ts'
import type { Position } from '../../../protocol/frame.ts'
import type { Broker, ChannelListener, HistorySlice, StoredReply } from '../broker.ts'
import { COUNTER_MS } from '../broker.ts'
import type { NewEvent } from '../channel-event.ts'
import type { HistoryLimits } from '../history-limits.ts'
import { resolveHistoryLimits } from '../history-limits.ts'
import type { PresenceLimits } from '../presence-limits.ts'
import { resolvePresenceLimits } from '../presence-limits.ts'
import type { PresenceStore } from '../presence-store.ts'
import type { ReplyLimits } from '../reply-limits.ts'
import type { ReplyStore } from '../reply-store.ts'
import { publishedRecord } from '../request-record.ts'
import { BackgroundSweep } from './background-sweep.ts'
import { HistoryPool } from './history-pool.ts'
import { MemoryChannel } from './memory-channel.ts'
import { MemoryPresence } from './memory-presence.ts'
import { MemoryReplies } from './memory-replies.ts'

/** Maximum number of counters of channels without events and listeners. */
const MOST_COUNTERS = 100_000
/** Approximate cost of such a counter without the name of its channel, in bytes; measured on V8. */
const COUNTER_BYTES = 160
/** Sizes of the histories of presence, of one resource and in all, in bytes. */
const PRESENCE_BYTES = { channelBytes: 4 * 1024 * 1024, totalBytes: 16 * 1024 * 1024 } as const

/**
 * A broker in memory, for one process. It keeps the events of the last 5 minutes, at most 32 MiB of
 * one channel and 64 MiB in all; beyond that, the least recently used channel loses its events
 * first. The channels of presence have a budget of their own: 4 MiB of one, and 16 MiB in all.
 *
 * It remembers the results of requests within the limits of `ReplyLimits`.
 *
 * A channel's offset counter is kept for 24 hours after its last use, for at most 100,000 channels
 * without events and listeners. What has expired is dropped within a minute, by a timer that does
 * not keep the process alive.
 */
export class MemoryBroker implements Broker {
  readonly #clock: Clock
  /** The channels but those of presence, and those of presence. */
  readonly #events: HistoryPool
  readonly #members: HistoryPool
  readonly #replies: MemoryReplies
  readonly #presence: MemoryPresence
  /** Channels with events or listeners. */
  readonly #channels = new Map<string, MemoryChannel>()
  /** Counters of channels without events and listeners, least recently used first. */
  readonly #counters = new Map<string, Counter>()
  /** Those of channels that never had an event: kept apart, so that many of them evict no others. */
  readonly #blank = new Map<string, Counter>()
  readonly #sweep: BackgroundSweep
  /**
   * The epoch of new histories. It changes when a counter is evicted, so that a channel that starts
   * again never reuses an old position.
   */
  #epoch = lazy(randomId)
  readonly #secret = lazy(randomId)

  /** Creates an empty broker; it starts no timer before it is used. */
  constructor(options: MemoryBrokerOptions = {}) {
    checkNames('MemoryBroker', options, { clock: 0, history: 0, presence: 0, replies: 0 })
    this.#clock = options.clock ?? systemClock
    const limits = resolveHistoryLimits(options.history)
    this.#events = new HistoryPool(limits)
    this.#members = new HistoryPool({ ...limits, ...PRESENCE_BYTES })
    this.#sweep = new BackgroundSweep(this.#clock, () => this.#dropExpired())
    this.#replies = new MemoryReplies(this.#clock, options.replies)
    this.#presence = new MemoryPresence({
      clock: this.#clock,
      limits: resolvePresenceLimits(options.presence),
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

  get secret(): string {
    return this.#secret()
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
      await this.#replies.finish(remember.key, record, remember.keepMs)
    }
    return positions
  }

  async subscribe(name: string, listener: ChannelListener): Promise<() => void> {
    // Registers the channel, so that its epoch is stable even before the first event.
    const channel = this.#open(name)
    const remove = channel.observe(listener)
    this.#use(channel)
    return () => {
      if (remove()) this.#use(channel)
    }
  }

  async head(name: string): Promise<Position> {
    return this.#head(name)
  }

  async since(name: string, position: Position): Promise<HistorySlice> {
    const channel = this.#channels.get(name)
    if (!channel) {
      const { epoch, offset } = this.#head(name)
      return new MemoryChannel(name, epoch, offset).since(position)
    }
    this.#use(channel)
    return channel.since(position)
  }

  async close(): Promise<void> {
    this.#sweep.stop()
    this.#channels.clear()
    this.#events.clear()
    this.#members.clear()
    this.#counters.clear()
    this.#blank.clear()
    this.#replies.clear()
    this.#presence.clear()
  }

  #append(name: string, event: NewEvent): Position {
    const channel = this.#open(name)
    const now = this.#clock.now()
    const added = this.#poolOf(name).resize(channel, () => channel.add(event, now))
    this.#use(channel)
    channel.deliver(added)
    return channel.head
  }

  #head(name: string): Position {
    const channel = this.#channels.get(name)
    if (channel) return channel.head
    const counter = this.#counters.get(name) ?? this.#blank.get(name)
    return { epoch: counter?.epoch ?? this.#epoch(), offset: counter?.offset ?? 0 }
  }

  /** Returns the channel; creates it, with its former counter, if it has no events and listeners. */
  #open(name: string): MemoryChannel {
    const known = this.#channels.get(name)
    if (known) return known
    const { epoch, offset } = this.#head(name)
    this.#forget(this.#counters, name)
    this.#forget(this.#blank, name)
    const channel = new MemoryChannel(name, epoch, offset)
    this.#channels.set(name, channel)
    this.#poolOf(name).bytes += channel.bytes
    return channel
  }

  #poolOf(name: string): HistoryPool {
    return presenceResource(name) === undefined ? this.#events : this.#members
  }

  /** Marks a channel as used, and evicts what is too old or too much. */
  #use(channel: MemoryChannel): void {
    // The broker was closed: do not add the channel again.
    if (this.#channels.get(channel.name) !== channel) return
    channel.usedAt = this.#clock.now()
    const { warm } = this.#poolOf(channel.name)
    // The sweep goes on as long as a channel has events.
    if (warm.size === 0) this.#sweep.start()
    warm.delete(channel)
    if (channel.size) warm.add(channel)
    this.#trim(channel)
    this.#evict()
  }

  #trim(channel: MemoryChannel): void {
    const pool = this.#poolOf(channel.name)
    const { keepMs, channelBytes } = pool.limits
    pool.resize(channel, () => channel.trim(this.#clock.now(), keepMs, channelBytes))
    if (channel.size) return
    pool.warm.delete(channel)
    if (!channel.observed) this.#reduce(channel)
  }

  /** Keeps only the counter of a channel without events and listeners. */
  #reduce({ name, head, usedAt, bytes }: MemoryChannel): void {
    this.#channels.delete(name)
    const { epoch, offset } = head
    // No spread: V8 would give each object a hidden class of its own, of 200 bytes.
    const counter = { epoch, offset, usedAt, bytes: COUNTER_BYTES + name.length }
    const counters = offset ? this.#counters : this.#blank
    counters.set(name, counter)
    this.#sweep.start()
    this.#poolOf(name).bytes += counter.bytes - bytes
  }

  /** Drops what is above the limits. */
  #evict(): void {
    for (const pool of [this.#events, this.#members]) pool.evict((channel) => this.#trim(channel))
    this.#evictCounters(this.#counters)
    this.#evictCounters(this.#blank)
  }

  /** Drops counters that were not used for a day, and the least recently used above the limit. */
  #evictCounters(counters: Map<string, Counter>): void {
    const now = this.#clock.now()
    for (const [name, { usedAt, offset }] of counters) {
      if (now - usedAt <= COUNTER_MS && counters.size <= MOST_COUNTERS) return
      this.#forget(counters, name)
      if (offset) this.#epoch = lazy(randomId)
    }
  }

  #forget(counters: Map<string, Counter>, name: string): void {
    this.#poolOf(name).bytes -= counters.get(name)?.bytes ?? 0
    counters.delete(name)
  }

  /** Drops what has expired; returns whether anything is left. */
  #dropExpired(): boolean {
    const pools = [this.#events, this.#members]
    for (const { warm } of pools) for (const channel of warm) this.#trim(channel)
    this.#evictCounters(this.#counters)
    this.#evictCounters(this.#blank)
    return this.#counters.size + this.#blank.size > 0 || pools.some(({ warm }) => warm.size > 0)
  }

  /** @internal Vue's `reactive` does not proxy objects with their own `toStringTag`. */
  get [Symbol.toStringTag](): string {
    return 'MemoryBroker'
  }
}

/** Options of a {@link MemoryBroker}. */
export interface MemoryBrokerOptions {
  /**
   * The source of time and timers.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
  /**
   * The limits of the histories.
   * @default 5 minutes, 32 MiB of one channel, and 64 MiB in all
   */
  readonly history?: HistoryLimits | undefined
  /**
   * The limits of the members of presence.
   * @default 1,000 devices and 1 MiB of a user, 10,000 devices and 2 MiB of a resource
   */
  readonly presence?: PresenceLimits | undefined
  /**
   * The limits of the remembered results of requests.
   * @default 1 MiB and 30,000 requests of one user, 64 MiB and 500,000 requests in all
   */
  readonly replies?: ReplyLimits | undefined
}

/** The offset counter of a channel without events and listeners. */
interface Counter extends Position {
  /** Time of the last use, on the monotonic clock. */
  readonly usedAt: number
  readonly bytes: number
}
