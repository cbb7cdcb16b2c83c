import type {
  ExpiringFrame,
  GoawayFrame,
  PartFrame,
  PingFrame,
  PongFrame,
  RefusalFrame,
  ReplyFrame,
  SubscribedFrame,
  UnsubscribedFrame,
  WelcomeFrame,
} from './frame.ts'

/** A message of the server to one client; events use `encodeEvent` of `ServerDialect` instead. */
export type ServerFrame =
  | AnswerFrame
  | RefusedFrame
  | GrantedFrame
  | UnsubscribedFrame
  | ReleasedFrame
  | WelcomeFrame
  | PingFrame
  | PongFrame
  | GoawayFrame
  | ExpiringFrame
  | PartFrame
  | ReceivingFrame
  | OpenedFrame
  | FarewellFrame

/** The reply to a request, or to a publish, an `auth`, or a command about presence. */
export interface AnswerFrame extends ReplyFrame {
  /** Type of the request; of another command, its type in the native protocol. */
  readonly type: string
}

/** The refusal of a request or another command, or of the connection itself. */
export interface RefusedFrame extends RefusalFrame {
  /** Type of the request, as in {@link AnswerFrame}; missing if the connection or an unreadable message is refused. */
  readonly type?: string | undefined
}

/** The reply to a subscribe. */
export interface GrantedFrame extends SubscribedFrame {
  /** The channels of the subscribe, those that are refused too. */
  readonly channels: readonly string[]
}

/** The reply to an unsubscribe. */
export interface ReleasedFrame {
  readonly kind: 'released'
  /** Keys that it answers. */
  readonly to: readonly string[]
  /** The channels of the unsubscribe. */
  readonly channels: readonly string[]
}

/** A sign to a client that sends much over a slow link: its bytes arrive. */
export interface ReceivingFrame {
  readonly kind: 'receiving'
}

/** The opening of a connection, before the hello; for protocols in which the server speaks first. */
export interface OpenedFrame {
  readonly kind: 'opened'
  /** Id of the connection. */
  readonly connectionId: string
  /** Largest frame that the server reads, in bytes. */
  readonly frameBytes: number
}

/** The end of a connection by the application or at the end of the server. */
export interface FarewellFrame {
  readonly kind: 'farewell'
  /** The close code that follows. */
  readonly code: number
}

/** An event on its way to the subscribers of a channel. */
export interface OutgoingEvent {
  /** Channel of the event. */
  readonly channel: string
  /** Type of the event. */
  readonly type: string
  /** Payload as JSON text, encoded once for all dialects; `undefined` if there is none. */
  readonly json: string | undefined
  /** Id of the event, if it has one. */
  readonly id: string | undefined
  /**
   * Position in the history from which it is delivered; `undefined` if it has none, or is for one
   * receiver only.
   */
  readonly offset: number | undefined
  /** Previous offset due to the receiver, if it is not `offset - 1`. */
  readonly prev?: number | undefined
  /** Family channel through which it is delivered. */
  readonly via: string | undefined
  /** Time of publishing, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** For the state of a channel, the id of the subscribe with which it is sent, if that has one. */
  readonly to?: string | undefined
}
