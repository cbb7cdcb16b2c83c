import type { Position } from '../wire/frame.ts'
import type { Answers } from './answers.ts'
import type { ChannelEvent } from './channel-event.ts'
import type { PresenceStore } from './presence-store.ts'

/** An event before it has a place. */
export interface NewEvent {
  /** The channel it happened on, which is not the history it goes to where that is a family's. */
  readonly source: string
  readonly type: string
  /** Its payload as JSON text; `undefined` where it has none. */
  readonly json: string | undefined
  /** Its maker's id for it. */
  readonly id: string | undefined
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
}

/** What a client missed since a position. */
export interface Missed {
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
  readonly answers: Answers
  /** Who is where. */
  readonly presence: PresenceStore
  /** Adds an event to a channel's history and tells every listener. Rejects where it was not added. */
  publish(channel: string, event: NewEvent): Promise<Position>
  /**
   * Has `listener` called with every event of a channel, in order, from the moment the promise
   * resolves. The listener does not throw.
   *
   * @returns ends it; safe to call twice
   */
  subscribe(channel: string, listener: (event: ChannelEvent) => void): Promise<() => void>
  /** Where a channel's history stands; offset 0 where nothing happened yet. */
  head(channel: string): Promise<Position>
  /** What happened on a channel after a position, and where that leaves one. */
  since(channel: string, position: Position): Promise<Missed>
  /** Lets go of everything; nothing may be asked of it afterwards. */
  close(): Promise<void>
}
