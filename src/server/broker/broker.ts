import type { Position } from '../../protocol/frame.ts'
import type { ChannelEvent, NewEvent } from './channel-event.ts'
import type { PresenceStore } from './presence-store.ts'
import type { RateStore } from './rate-store.ts'
import type { ReplyStore } from './reply-store.ts'

/** Under which key what a publish came to is remembered, and for how long. */
export interface Remember {
  /** The key that {@link ReplyStore.begin} was given. */
  readonly key: string
  /** How long, in milliseconds. */
  readonly keepMs: number
}

/** Hears of one channel; its members do not throw. */
export interface ChannelListener {
  /** Something happened on it. */
  event(event: ChannelEvent): void
  /**
   * It cannot be shown any more that everything was told: the history stands at `head` now, and who
   * is elsewhere has missed something.
   */
  broken(head: Position): void
}

/** What a client missed since a position. */
export interface HistorySlice {
  /** Where the channel's history stands, these events included. */
  readonly head: Position
  /** The missed events in order; empty where they are not complete. */
  readonly events: readonly ChannelEvent[]
  /** Whether these are all of them: otherwise continuity cannot be shown. */
  readonly complete: boolean
}

/**
 * Keeps the channels' histories, the answers to requests and who is where, and carries events between
 * the servers that share it.
 */
export interface Broker {
  /** What requests were answered with. */
  readonly answers: ReplyStore
  /** Who is where. */
  readonly presence: PresenceStore
  /** Counts for the limits of users and addresses; without it each server counts by itself. */
  readonly rates?: RateStore | undefined
  /**
   * Adds an event to the histories of several channels in one step, and tells every listener. Rejects
   * where it was not added.
   *
   * @param channels the event's own channel, then those it goes to as well
   * @param remember where the event is all the effect of a request: its answer, which tells the place
   * in the first of the channels, is remembered in the same step
   * @returns its place in each of them; offset 0 where it has none, since it could be told to the
   * listeners of this process only
   */
  publish(
    channels: readonly string[],
    event: NewEvent,
    remember?: Remember,
  ): Promise<readonly Position[]>
  /**
   * Has `listener` called with every event of a channel, in order, from the moment the promise
   * resolves.
   *
   * @returns ends it; safe to call twice
   */
  subscribe(channel: string, listener: ChannelListener): Promise<() => void>
  /** Where a channel's history stands; offset 0 where nothing happened yet. */
  head(channel: string): Promise<Position>
  /** What happened on a channel after a position, and where that leaves one. */
  since(channel: string, position: Position): Promise<HistorySlice>
  /** Lets go of everything; nothing may be asked of it afterwards. */
  close(): Promise<void>
}

/** The most events a channel's history holds. */
export const HISTORY_EVENTS = 1_000

/** How long a channel's history holds an event, in milliseconds. */
export const HISTORY_MS = 5 * 60_000

/** How long a counter outlives the last use of its channel, in milliseconds. */
export const COUNTER_MS = 24 * 60 * 60_000
