import type {
  ExpiringFrame,
  GoawayFrame,
  PingFrame,
  PongFrame,
  RefusalFrame,
  ReplyFrame,
  SubscribedFrame,
  UnsubscribedFrame,
  WelcomeFrame,
} from './frame.ts'

/** The answer to an unsubscribe. */
export interface ReleasedFrame {
  readonly kind: 'released'
  /** The keys it answers. */
  readonly to: readonly string[]
}

/** What a server tells one client. Events go another way: {@link ServerDialect.encodeEvent}. */
export type ServerFrame =
  | ReplyFrame
  | RefusalFrame
  | SubscribedFrame
  | UnsubscribedFrame
  | ReleasedFrame
  | WelcomeFrame
  | PingFrame
  | PongFrame
  | GoawayFrame
  | ExpiringFrame

/** An event on its way to the members of a channel. */
export interface OutgoingEvent {
  /** The channel it happened on. */
  readonly channel: string
  readonly type: string
  /** Its payload as JSON text, written once for all dialects; `undefined` where it has none. */
  readonly json: string | undefined
  readonly id: string | undefined
  /**
   * Its place in the history it is delivered from; `undefined` where it has none, or is for one receiver only.
   */
  readonly offset: number | undefined
  /** The previous offset due to the receiver, where that is not `offset - 1`. */
  readonly prev?: number | undefined
  /** The family channel it is delivered through. */
  readonly via: string | undefined
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
}
