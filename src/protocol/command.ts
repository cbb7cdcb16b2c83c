import type { Position } from './frame.ts'

/** What a client wants of the server, above its dialect. */
export type Command =
  | HelloCommand
  | AuthCommand
  | SubscribeCommand
  | UnsubscribeCommand
  | PublishCommand
  | RequestCommand
  | PresenceCommand
  | PingCommand
  | PongCommand
  | MalformedCommand

/** A client says who it is. */
export interface HelloCommand {
  readonly kind: 'hello'
  /** The version of the protocol it speaks. */
  readonly protocol: number
  /** One per client object; the device of presence. */
  readonly clientId: string | undefined
  /** Scopes what is remembered for anonymous users. */
  readonly senderId: string | undefined
  readonly token: string | undefined
  /** The user it believes to be. */
  readonly expectUser: string | undefined
}

/** A client renews its credentials. */
export interface AuthCommand {
  readonly kind: 'auth'
  readonly requestId: string
  readonly token: string
}

/** A client wants the events of these channels. */
export interface SubscribeCommand {
  readonly kind: 'subscribe'
  readonly requestId: string
  /** Every channel asked for, each once; not checked yet. */
  readonly channels: readonly string[]
  /** The positions of those that are resumed. */
  readonly since: ReadonlyMap<string, Position>
}

/** A client no longer wants the events of these channels. */
export interface UnsubscribeCommand {
  readonly kind: 'unsubscribe'
  readonly requestId: string
  readonly channels: readonly string[]
}

/** A client adds an event to a channel. */
export interface PublishCommand {
  readonly kind: 'publish'
  /** Missing where no answer is wanted. */
  readonly requestId: string | undefined
  readonly channel: string
  /** The event's id; the broadcast carries it too. */
  readonly id: string | undefined
  readonly type: string
  readonly payload: unknown
}

/** A client asks for something. */
export interface RequestCommand {
  readonly kind: 'request'
  /** Missing where the client forgot it: such a message cannot be answered. */
  readonly requestId: string | undefined
  readonly type: string
  readonly channel: string | undefined
  /** The id for the event it brings about, by which its maker recognises that. */
  readonly id?: string | undefined
  readonly payload: unknown
}

/** A client is somewhere, is there in another way, is no longer, or is still. */
export interface PresenceCommand {
  readonly kind: 'presence'
  /** Missing where no answer is wanted. */
  readonly requestId: string | undefined
  readonly action: 'join' | 'update' | 'leave' | 'heartbeat'
  /** The channel that tells who else is there; not checked yet. */
  readonly channel: string
  /** What it tells of itself there; not checked yet. */
  readonly meta: unknown
}

/** A client wants a sign of life. */
export interface PingCommand {
  readonly kind: 'ping'
  /** What the answer repeats. */
  readonly timestamp: number | undefined
}

/** A client gives a sign of life. */
export interface PongCommand {
  readonly kind: 'pong'
}

/** A message that is not of this dialect. */
export interface MalformedCommand {
  readonly kind: 'malformed'
  readonly reason: string
  /** Where the message at least says which answer it waits for. */
  readonly requestId: string | undefined
}
