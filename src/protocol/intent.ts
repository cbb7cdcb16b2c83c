import type { Position } from './frame.ts'

/** What the client wants to say, before a dialect puts it into its backend's words. */
export type Intent =
  | HelloIntent
  | SubscribeIntent
  | UnsubscribeIntent
  | RequestIntent
  | PublishIntent
  | PresenceIntent
  | PingIntent
  | PongIntent
  | AuthIntent

/** Who we are; the first thing said on a connection. */
export interface HelloIntent {
  readonly kind: 'hello'
  /** When it was said, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** One per client object; the device of presence. */
  readonly clientId: string
  /** Scopes de-duplication of requests for anonymous users. */
  readonly senderId: string
  readonly token: string | undefined
  /** The user we believe to be, from the last welcome. */
  readonly expectUser: string | undefined
}

/** We want the events of these channels. */
export interface SubscribeIntent {
  readonly kind: 'subscribe'
  /** When it was said, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly requestId: string
  readonly channels: readonly string[]
  /** The positions of those that are resumed. */
  readonly since: ReadonlyMap<string, Position>
}

/** We no longer want the events of these channels. */
export interface UnsubscribeIntent {
  readonly kind: 'unsubscribe'
  /** When it was said, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly requestId: string
  readonly channels: readonly string[]
}

/** We ask for something and want the answer. */
export interface RequestIntent {
  readonly kind: 'request'
  /** When it was said, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly requestId: string
  readonly type: string
  readonly channel: string | undefined
  /** The id for the event it brings about, by which its maker recognises that. */
  readonly id?: string | undefined
  readonly payload: unknown
}

/** We add an event to a channel. */
export interface PublishIntent {
  readonly kind: 'publish'
  /** When it was said, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly requestId: string
  readonly channel: string
  /** The event's id; the broadcast carries it too. */
  readonly id: string
  readonly type: string
  readonly payload: unknown
}

/** We are somewhere, are there in another way, are no longer, or are still. */
export interface PresenceIntent {
  readonly kind: 'presence'
  /** When it was said, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly requestId: string
  readonly action: 'join' | 'update' | 'leave' | 'heartbeat'
  /** Where: the channel `presence:<resource>` tells who else is. */
  readonly resource: string
  /** What we tell of ourselves there, with a join or an update. */
  readonly meta: unknown
}

/** We want a sign of life. */
export interface PingIntent {
  readonly kind: 'ping'
  readonly timestamp: number
}

/** We give the sign of life the server asked for. */
export interface PongIntent {
  readonly kind: 'pong'
  readonly timestamp: number | undefined
}

/** Our credentials, renewed on the living connection. */
export interface AuthIntent {
  readonly kind: 'auth'
  /** When it was said, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly requestId: string
  readonly token: string
}
