import type { Position } from './frame.ts'

/** A message of the client, before a dialect encodes it for its backend. */
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

/** The first message on a connection, which identifies the client. */
export interface HelloIntent {
  readonly kind: 'hello'
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Id of the client object; the device id in presence. */
  readonly clientId: string
  /** Scope of deduplication for anonymous users. */
  readonly senderId: string
  /** Token of the client, if it has one. */
  readonly token: string | undefined
  /** The user of the last welcome, whom the client expects again. */
  readonly expectUser: string | undefined
  /** Fingerprint of the client's contract. */
  readonly contract?: string | undefined
}

/** A subscribe to channels. */
export interface SubscribeIntent {
  readonly kind: 'subscribe'
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Id that the reply repeats. */
  readonly requestId: string
  /** Requested channels, each once. */
  readonly channels: readonly string[]
  /** Positions of the channels to resume. */
  readonly since: ReadonlyMap<string, Position>
  /** Parameters of the channel, which is the only one then; see {@link Dialect.channelOf}. */
  readonly params?: unknown
}

/** An unsubscribe from channels. */
export interface UnsubscribeIntent {
  readonly kind: 'unsubscribe'
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Id that the reply repeats. */
  readonly requestId: string
  /** Channels to end. */
  readonly channels: readonly string[]
}

/** A request, which expects a reply. */
export interface RequestIntent {
  readonly kind: 'request'
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Id that the reply repeats, the same on every attempt. */
  readonly requestId: string
  /** Type of the request. */
  readonly type: string
  /** Channel that the request concerns, if any. */
  readonly channel: string | undefined
  /** Id for the event that the request causes, by which the client recognises it. */
  readonly id?: string | undefined
  /** Payload of the request. */
  readonly payload: unknown
  /** Whether it was sent before, on an earlier connection, and may have been carried out. */
  readonly repeated?: boolean | undefined
}

/** A publish of an event on a channel. */
export interface PublishIntent {
  readonly kind: 'publish'
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Id that the reply repeats, the same on every attempt. */
  readonly requestId: string
  /** Channel to publish on. */
  readonly channel: string
  /** Id of the event; the broadcast carries it too. */
  readonly id: string
  /** Type of the event. */
  readonly type: string
  /** Payload of the event. */
  readonly payload: unknown
  /** Whether it was sent before, on an earlier connection, and may have been carried out. */
  readonly repeated?: boolean | undefined
}

/** A join, update, leave or heartbeat of the client's own presence. */
export interface PresenceIntent {
  readonly kind: 'presence'
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Id that the reply repeats. */
  readonly requestId: string
  /** Change of the presence. */
  readonly action: 'join' | 'update' | 'leave' | 'heartbeat'
  /** Resource to be present at; its presence events are on the channel `presence:<resource>`. */
  readonly resource: string
  /** The client's own metadata there, with a join or an update. */
  readonly meta: unknown
}

/** A ping to the server. */
export interface PingIntent {
  readonly kind: 'ping'
  /** Time of the ping, in milliseconds since the Unix epoch; the pong repeats it. */
  readonly timestamp: number
}

/** The reply to a ping of the server. */
export interface PongIntent {
  readonly kind: 'pong'
  /** Timestamp of the server's ping, as it is, if it has one. */
  readonly timestamp: number | undefined
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly sentAt: number
}

/** Renewed credentials, on an open connection. */
export interface AuthIntent {
  readonly kind: 'auth'
  /** Time of creation, in milliseconds since the Unix epoch. */
  readonly timestamp: number
  /** Id that the reply repeats. */
  readonly requestId: string
  /** The renewed token. */
  readonly token: string
}
