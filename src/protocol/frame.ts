import type { Refusal } from '../base/errors.ts'

/**
 * A message of the server, independent of the dialect.
 *
 * Every kind is created by one literal with all its fields in one order, so that the JavaScript
 * engine sees one object shape per kind: hence `undefined` instead of optional fields.
 */
export type Frame =
  | EventFrame
  | ReplyFrame
  | RefusalFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | EndedFrame
  | DroppedFrame
  | WelcomeFrame
  | PingFrame
  | PongFrame
  | GoawayFrame
  | ExpiringFrame
  | PartFrame
  | CloseFrame
  | NoticeFrame

/**
 * An event on a channel.
 *
 * `Type` and `Payload` are the types that an application expects; neither is checked at run time.
 */
export interface EventFrame<Type extends string = string, Payload = unknown> {
  /** Discriminates the frames. */
  readonly kind: 'event'
  /** Channel of the event. */
  readonly channel: string
  /** Name of the event, for example `entity:updated`. */
  readonly type: Type
  /** Payload of the event; not checked unless a contract describes it. */
  readonly payload: Payload
  /**
   * Id given by the publisher, with the tag that the server put before it; every delivery of the same
   * event carries the same one.
   */
  readonly id: string | undefined
  /** Position in the history of the channel, counted from 1. */
  readonly offset: number | undefined
  /** Previous offset due to this connection, if it is not `offset - 1`. */
  readonly prev: number | undefined
  /** Family channel through which the event was delivered. */
  readonly via: string | undefined
  /** The sender's clock, in milliseconds since the Unix epoch; not used for ordering by default. */
  readonly timestamp: number | undefined
  /**
   * @internal Set where the contract lets no handler have the event, which still moves the position of
   * the channel: the reason of the gap, or empty if there is none.
   */
  readonly withheld?: 'bad-event' | 'overflow' | ''
}

/** A position in one epoch of a channel's history. */
export interface Position {
  /** Id of the history, which changes when the server begins a new one. */
  readonly epoch: string
  /** Number of the event in the history, counted from 1. */
  readonly offset: number
}

/** Position of an event that a request caused. */
export interface ChannelPosition extends Position {
  /** Channel of the event. */
  readonly channel: string
}

/** The reply to a successful request. */
export interface ReplyFrame {
  readonly kind: 'reply'
  /** Keys that it may answer, the likeliest first. */
  readonly to: readonly string[]
  /** Payload of the reply; not checked unless a contract describes it. */
  readonly payload: unknown
  /** Positions of the events that the request caused. */
  readonly at: readonly ChannelPosition[] | undefined
}

/** Result of a request. */
export interface Reply<Payload = unknown> {
  /** Payload of the reply. */
  readonly payload: Payload
  /** Positions of the events that the request caused, if the backend reports them. */
  readonly at: readonly ChannelPosition[] | undefined
}

/** A refusal of a request, a subscription, or the connection itself. */
export interface RefusalFrame {
  readonly kind: 'refusal'
  /** Keys that it may answer; empty if the connection as a whole is refused. */
  readonly to: readonly string[]
  /** Code and reason of the refusal. */
  readonly error: Refusal
}

/** The reply to a subscribe, which accepts every requested channel that is not in `refused`. */
export interface SubscribedFrame {
  readonly kind: 'subscribed'
  /** Keys that it may answer. */
  readonly to: readonly string[]
  /** Positions of the channels, if the backend has positions. */
  readonly at: ReadonlyMap<string, Position>
  /** Refused channels, with the reasons. */
  readonly refused: ReadonlyMap<string, Refusal>
  /** Channels for which the server cannot exclude missed events. */
  readonly gaps: readonly string[]
}

/** The end of a subscription, by the server. */
export interface UnsubscribedFrame {
  readonly kind: 'unsubscribed'
  /** Channel of the subscription. */
  readonly channel: string
  /** Code and reason of the end. */
  readonly error: Refusal
}

/** The normal end of a channel: the server sends no more events on it. */
export interface EndedFrame {
  readonly kind: 'ended'
  /** Channel that ended. */
  readonly channel: string
}

/** The loss of one subscription, by a fault of the server: the client is to subscribe again. */
export interface DroppedFrame {
  readonly kind: 'dropped'
  /** Channel of the lost subscription. */
  readonly channel: string
}

/** The acceptance of the client by the server: from here on the connection is open. */
export interface WelcomeFrame {
  readonly kind: 'welcome'
  /** Id of the connection, for logs; `undefined` if the backend has none. */
  readonly connectionId: string | undefined
  /** Id of the authenticated user; `undefined` if anonymous, or unknown. */
  readonly userId: string | undefined
  /** The server's clock, in milliseconds since the Unix epoch. */
  readonly serverTime: number | undefined
  /**
   * Interval in which the server expects messages, in milliseconds; if only the server sends pings,
   * the longest time without a message from it.
   */
  readonly heartbeatMs: number | undefined
  /** Limits that the server announces. */
  readonly limits: Limits
  /**
   * The text that the server puts before the id of every event which this client, or another one of
   * the same user, causes; `undefined` if it puts none.
   */
  readonly tag: string | undefined
  /** The fingerprint of the server's contract; `undefined` if it has none. */
  readonly contract?: string | undefined
}

/** Limits of a server; a limit that it does not announce is `undefined`. */
export interface Limits {
  /** Maximum number of channels that one connection may subscribe to. */
  readonly subscriptions: number | undefined
  /** Largest frame, in bytes. */
  readonly frameBytes: number | undefined
  /** Maximum number of messages per second that one connection may send. */
  readonly messagesPerSecond: number | undefined
  /** Time for which replies are remembered, in milliseconds. */
  readonly dedupeMs: number | undefined
}

/** A ping of the server. */
export interface PingFrame {
  readonly kind: 'ping'
  /** Timestamp in the unit of the backend, which the pong repeats as it is, if the ping has one. */
  readonly timestamp: number | undefined
}

/** The reply to a ping of the client. */
export interface PongFrame {
  readonly kind: 'pong'
  /** Timestamp of the ping, in milliseconds since the Unix epoch. */
  readonly timestamp: number | undefined
  /** The server's clock, in milliseconds since the Unix epoch. */
  readonly serverTime: number | undefined
  /** Channels with events since the last pong, with the last offset due to this connection. */
  readonly offsets: ReadonlyMap<string, Position> | undefined
}

/** A notice that the server will close the connection; the client should reconnect before. */
export interface GoawayFrame {
  readonly kind: 'goaway'
  /** Time until the server closes the connection, in milliseconds. */
  readonly deadlineMs: number
  /** Time over which the clients spread their reconnects, in milliseconds. */
  readonly windowMs: number
  /** Reason for logs. */
  readonly reason: string
}

/** A notice that the credentials of the client are about to expire. */
export interface ExpiringFrame {
  readonly kind: 'expiring'
  /** Time of expiry, in milliseconds since the Unix epoch, if known. */
  readonly expiresAt: number | undefined
}

/** A part of a message that is too large to arrive at once; the parts follow in order. */
export interface PartFrame {
  readonly kind: 'part'
  /** Empty where the server only shows that it receives something large. */
  readonly text: string
  /** Whether more parts of the message follow. */
  readonly more: boolean
}

/**
 * The end of the connection, for backends that say by a message why they end it: the client closes the
 * socket, and acts as if the server had closed it with this code.
 */
export interface CloseFrame {
  readonly kind: 'close'
  /** Close code; `fatalCloseCodes` of the dialect lists those after which the client does not reconnect. */
  readonly code: number
  /** Reason for logs. */
  readonly reason: string
}

/** A message that has no meaning above the dialect. */
export interface NoticeFrame {
  readonly kind: 'notice'
  /** `ignored`: known and skipped on purpose. `malformed`: an error, not of this protocol. */
  readonly level: 'ignored' | 'malformed'
  /** Reason for logs. */
  readonly reason: string
  /** The skipped message. */
  readonly wire: unknown
}
