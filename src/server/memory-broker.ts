import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { randomId } from '../base/ids.ts'
import type { Position } from '../wire/frame.ts'
import type { Broker, Missed, NewEvent } from './broker.ts'
import { ChannelEvent } from './channel-event.ts'

/** The most events a channel's history holds. */
const HISTORY_EVENTS = 1_000
/** How long a channel's history holds an event. */
const HISTORY_MS = 5 * 60_000
/** How long a channel's counter outlives its last event. */
const COUNTER_MS = 24 * 60 * 60_000

interface History {
  readonly epoch: string
  /** The offset of the last event. */
  offset: number
  /** When it was last published to, or found to have listeners, on the monotonic clock. */
  publishedAt: number
  readonly events: { readonly event: ChannelEvent; readonly at: number }[]
}

/** How a {@link MemoryBroker} is made. */
export interface MemoryBrokerOptions {
  /**
   * Where time comes from.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/**
 * A broker within this process: the last 1,000 events or 5 minutes of every channel.
 *
 * A counter outlives its events by 24 hours. Nothing here runs on a timer: what is too old is
 * dropped by the publishes that follow.
 */
export class MemoryBroker implements Broker {
  readonly #clock: Clock
  readonly #listeners = new Map<string, Set<(event: ChannelEvent) => void>>()
  /** Histories that may hold events; the one that was published to last is the last. */
  readonly #warm = new Map<string, History>()
  /** Counters that outlived their events, in the order in which they did. */
  readonly #cold = new Map<string, History>()
  /**
   * The epoch of histories that begin now, so that a channel nobody published to costs nothing.
   * A forgotten counter ends it: what begins afterwards must not be taken for what was forgotten.
   */
  #epoch = randomId()

  constructor(options: MemoryBrokerOptions = {}) {
    this.#clock = options.clock ?? systemClock
  }

  async publish(channel: string, event: NewEvent): Promise<Position> {
    const now = this.#clock.now()
    const history = this.#history(channel) ?? {
      epoch: this.#epoch,
      offset: 0,
      publishedAt: now,
      events: [],
    }
    history.offset += 1
    history.publishedAt = now
    this.#cold.delete(channel)
    this.#warm.delete(channel)
    this.#warm.set(channel, history)
    const position = { epoch: history.epoch, offset: history.offset }
    const placed = new ChannelEvent(channel, position, event)
    history.events.push({ event: placed, at: now })
    if (history.events.length > HISTORY_EVENTS) history.events.shift()
    this.#forget(now)
    for (const listener of this.#listeners.get(channel) ?? []) listener(placed)
    return position
  }

  async subscribe(channel: string, listener: (event: ChannelEvent) => void): Promise<() => void> {
    // A listener of its own for every call, so that one function may be subscribed twice.
    const own = (event: ChannelEvent): void => listener(event)
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(own))
    return () => {
      listeners.delete(own)
      if (!listeners.size && this.#listeners.get(channel) === listeners) {
        this.#listeners.delete(channel)
      }
    }
  }

  async head(channel: string): Promise<Position> {
    return this.#head(channel)
  }

  async since(channel: string, position: Position): Promise<Missed> {
    const head = this.#head(channel)
    const events = this.#recent(channel)
    const missed = head.offset - position.offset
    const complete = position.epoch === head.epoch && missed >= 0 && missed <= events.length
    return { head, events: complete ? events.slice(events.length - missed) : [], complete }
  }

  async close(): Promise<void> {
    this.#listeners.clear()
    this.#warm.clear()
    this.#cold.clear()
  }

  #history(channel: string): History | undefined {
    return this.#warm.get(channel) ?? this.#cold.get(channel)
  }

  #head(channel: string): Position {
    const history = this.#history(channel)
    return { epoch: history?.epoch ?? this.#epoch, offset: history?.offset ?? 0 }
  }

  #recent(channel: string): ChannelEvent[] {
    const history = this.#warm.get(channel)
    if (!history) return []
    dropOld(history, this.#clock.now())
    return history.events.map(({ event }) => event)
  }

  /** Drops what is too old of the channels that have been quiet longest. */
  #forget(now: number): void {
    for (const [channel, history] of this.#warm) {
      if (now - history.publishedAt <= HISTORY_MS) break
      dropOld(history, now)
      this.#warm.delete(channel)
      this.#cold.set(channel, history)
    }
    for (const [channel, history] of this.#cold) {
      if (now - history.publishedAt <= COUNTER_MS) break
      this.#cold.delete(channel)
      if (this.#listeners.has(channel)) {
        // Whoever listens knows the offset: it must go on from there, however long it was quiet.
        history.publishedAt = now
        this.#cold.set(channel, history)
      } else this.#epoch = randomId()
    }
  }
}

function dropOld(history: History, now: number): void {
  const kept = history.events.findIndex(({ at }) => now - at <= HISTORY_MS)
  history.events.splice(0, kept < 0 ? history.events.length : kept)
}
