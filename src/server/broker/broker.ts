import type { Position } from '../../protocol/frame.ts'
import type { ChannelEvent, NewEvent } from './channel-event.ts'
import type { PresenceStore } from './presence-store.ts'
import type { RateStore } from './rate-store.ts'
import type { ReplyStore } from './reply-store.ts'

/**
 * The state that several servers share: channel histories, replies to requests, presence and rate
 * limits. It also carries events between these servers.
 */
export interface Broker {
  /** The replies to requests, for deduplication. */
  readonly replies: ReplyStore
  /** The presence of users at resources. */
  readonly presence: PresenceStore
  /** The rate limits of users and addresses; without it, each server counts for itself. */
  readonly rates?: RateStore | undefined
  /**
   * A random text that all servers of the broker share, from which the tags of event ids are derived.
   * Without it each server has its own, and a client that moves to another server does not recognise
   * the events it caused before.
   */
  readonly secret?: string | undefined
  /**
   * Adds an event to the histories of several channels in one step, and calls their listeners.
   * Rejects if the event was not added.
   *
   * @param channels the event's own channel first, then the others that receive it
   * @param remember given if the event is the whole effect of a request: stores the request's
   * reply, with the position in the first channel, in the same step
   * @param part given if the handler of a request publishes the event
   * @returns the event's position in each channel; offset 0 if it has none, because only the
   * listeners of this process received it
   */
  publish(
    channels: readonly string[],
    event: NewEvent,
    remember?: StoredReply,
    part?: RequestPart,
  ): Promise<readonly Position[]>
  /**
   * Calls `listener` with every event of a channel, in order, from the moment the promise resolves.
   *
   * @returns a function that removes the listener; safe to call twice
   */
  subscribe(channel: string, listener: ChannelListener): Promise<() => void>
  /** Returns the newest position of a channel; offset 0 before its first event. */
  head(channel: string): Promise<Position>
  /** Returns a channel's events after a position, and its newest position. */
  since(channel: string, position: Position): Promise<HistorySlice>
  /** Releases all resources; the broker must not be used afterwards. */
  close(): Promise<void>
}

/** Callbacks for one channel; they must not throw. */
export interface ChannelListener {
  /** Called with each event of the channel. */
  event(event: ChannelEvent): void
  /**
   * Called when events may have been lost: a receiver whose position is not `head`, the newest one,
   * has a gap.
   */
  broken(head: Position): void
}

/** A channel's events after a position. */
export interface HistorySlice {
  /** The newest position of the channel, these events included. */
  readonly head: Position
  /** The events in order; empty unless `complete`. */
  readonly events: readonly ChannelEvent[]
  /** Whether no event is missing; if false, the receiver has a gap. */
  readonly complete: boolean
}

/** The key and the lifetime of a stored reply to a publish. */
export interface StoredReply {
  /** The key that was given to {@link ReplyStore.begin}. */
  readonly key: string
  /** The lifetime of the reply, in milliseconds. */
  readonly keepMs: number
}

/**
 * The request that an event is a part of. Once other servers have declared this one dead, the event
 * is not added, and `publish` rejects.
 */
export interface RequestPart {
  /** The key that was given to {@link ReplyStore.begin}. */
  readonly key: string
  /**
   * Identifies the event among those of its request: if a server that died has added it, it is not
   * added again, and has the same positions. Empty for a request that does not run again.
   */
  readonly once: string
}

/** Lifetime of a channel's offset counter after its last use, in milliseconds. */
export const COUNTER_MS = 24 * 60 * 60_000
