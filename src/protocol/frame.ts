import type { Refusal } from '../base/errors.ts'

/**
 * The one vocabulary above the dialect.
 *
 * Every kind is made by one literal with all its fields in one order, so that the engine sees one
 * shape per kind: hence `undefined` where other interfaces would leave a field out.
 */
export type Frame =
  | EventFrame
  | ReplyFrame
  | RefusalFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | WelcomeFrame
  | PingFrame
  | PongFrame
  | GoawayFrame
  | ExpiringFrame
  | NoticeFrame

/**
 * Something happened on a channel.
 *
 * `Type` and `LoggedPayload` say what an application expects there; neither is checked at run time.
 */
export interface EventFrame<Type extends string = string, Payload = unknown> {
  readonly kind: 'event'
  /** The channel it happened on. */
  readonly channel: string
  /** Its name, for example `entity:updated`. */
  readonly type: Type
  readonly payload: Payload
  /** Its maker's id for it; the same event always carries the same one. */
  readonly id: string | undefined
  /** Its place in the channel's history, counted from 1. */
  readonly offset: number | undefined
  /** The previous offset due to this connection, where that is not `offset - 1`. */
  readonly prev: number | undefined
  /** The family channel it was delivered through. */
  readonly via: string | undefined
  /** The sender's clock, in milliseconds since the Unix epoch; never used for order by default. */
  readonly timestamp: number | undefined
}

/** A place in a channel's history, and which history that is. */
export interface Position {
  readonly epoch: string
  readonly offset: number
}

/** An event a request brought about, by its place. */
export interface ChannelPosition extends Position {
  readonly channel: string
}

/** A request succeeded. */
export interface ReplyFrame {
  readonly kind: 'reply'
  /** The keys it may answer, the likeliest first. */
  readonly to: readonly string[]
  readonly payload: unknown
  /** Where the events stand that the request brought about. */
  readonly at: readonly ChannelPosition[] | undefined
}

/** What a request came to. */
export interface Reply<Payload = unknown> {
  readonly payload: Payload
  /** Where the events stand that it brought about, where the backend tells. */
  readonly at: readonly ChannelPosition[] | undefined
}

/** A request, a subscription, or the connection itself was refused. */
export interface RefusalFrame {
  readonly kind: 'refusal'
  /** The keys it may answer; none where the connection as a whole is meant. */
  readonly to: readonly string[]
  readonly error: Refusal
}

/** A subscribe was answered: for every channel asked, unless named in `refused`, with a yes. */
export interface SubscribedFrame {
  readonly kind: 'subscribed'
  /** The keys it may answer. */
  readonly to: readonly string[]
  /** The channels' positions, where the backend has any. */
  readonly at: ReadonlyMap<string, Position>
  /** The channels that were refused, with why. */
  readonly refused: ReadonlyMap<string, Refusal>
  /** The channels whose continuity could not be shown. */
  readonly gaps: readonly string[]
}

/** The server took a subscription away. */
export interface UnsubscribedFrame {
  readonly kind: 'unsubscribed'
  readonly channel: string
  readonly error: Refusal
}

/** The server knows us: from here on the connection is open. */
export interface WelcomeFrame {
  readonly kind: 'welcome'
  readonly connectionId: string | undefined
  readonly userId: string | undefined
  /** The server's clock, in milliseconds since the Unix epoch. */
  readonly serverTime: number | undefined
  /**
   * How often the server wants to hear from us, in milliseconds; where only the server asks for signs
   * of life, the longest that it is ever silent.
   */
  readonly heartbeatMs: number | undefined
  readonly limits: Limits
}

/** What a server accepts; a limit it does not tell is `undefined`. */
export interface Limits {
  readonly subscriptions: number | undefined
  /** The largest frame, in bytes. */
  readonly frameBytes: number | undefined
  readonly messagesPerSecond: number | undefined
  /** How long an answer is remembered, in milliseconds. */
  readonly dedupeMs: number | undefined
}

/** The server asks for a sign of life. */
export interface PingFrame {
  readonly kind: 'ping'
  readonly timestamp: number | undefined
}

/** The answer to our ping. */
export interface PongFrame {
  readonly kind: 'pong'
  /** What our ping said. */
  readonly timestamp: number | undefined
  readonly serverTime: number | undefined
  /** The channels that moved since the last pong, with the last offset due to us. */
  readonly offsets: ReadonlyMap<string, Position> | undefined
}

/** The server will close this connection and asks us to move before. */
export interface GoawayFrame {
  readonly kind: 'goaway'
  readonly deadlineMs: number
  readonly windowMs: number
  readonly reason: string
}

/** Our credentials are about to expire. */
export interface ExpiringFrame {
  readonly kind: 'expiring'
  readonly expiresAt: number | undefined
}

/** A message that means nothing above the dialect. */
export interface NoticeFrame {
  readonly kind: 'notice'
  /** `ignored`: known and left aside on purpose. `malformed`: not of this protocol, an error. */
  readonly level: 'ignored' | 'malformed'
  readonly reason: string
  /** What was left aside. */
  readonly wire: unknown
}
