import type { Position } from './frame.ts'

/** A message of a client to the server, independent of the dialect. */
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

/** The first message of a client, which identifies it. */
export interface HelloCommand {
  readonly kind: 'hello'
  /** Version of the protocol that the client speaks. */
  readonly protocol: number
  /** Id of the client object; the device id in presence. */
  readonly clientId: string | undefined
  /** Scope of deduplication for anonymous users. */
  readonly senderId: string | undefined
  /** Token of the client, if it sent one. */
  readonly token: string | undefined
  /** The user that the client believes to be signed in. */
  readonly expectUser: string | undefined
  /** Whether the client reads messages in parts, and signs that its own arrive. */
  readonly parts: boolean
  /** The fingerprint of the client's contract, if it has one. */
  readonly contract?: string | undefined
}

/** Renewed credentials of a client. */
export interface AuthCommand {
  readonly kind: 'auth'
  /** Id that the reply repeats. */
  readonly requestId: string
  /** The renewed token. */
  readonly token: string
}

/** A subscribe to channels. */
export interface SubscribeCommand {
  readonly kind: 'subscribe'
  /** Missing if the client matches replies by their order. */
  readonly requestId: string | undefined
  /** Requested channels, each once; not validated yet. */
  readonly channels: readonly string[]
  /** Positions of the channels to resume. */
  readonly since: ReadonlyMap<string, Position>
  /** Parameters of the client for the decision about these channels; not validated. */
  readonly params?: unknown
  /** Whether it belongs to a join before it, and is ignored if that was refused. */
  readonly ofJoin?: boolean | undefined
}

/** An unsubscribe from channels. */
export interface UnsubscribeCommand {
  readonly kind: 'unsubscribe'
  /** Missing if the client matches replies by their order. */
  readonly requestId: string | undefined
  /** Channels to end; not validated yet. */
  readonly channels: readonly string[]
}

/** A publish of an event on a channel. */
export interface PublishCommand {
  readonly kind: 'publish'
  /** Missing if the client wants no reply. */
  readonly requestId: string | undefined
  /** Channel to publish on; not validated yet. */
  readonly channel: string
  /** Id of the event; the broadcast carries it too. */
  readonly id: string | undefined
  /** Type of the event. */
  readonly type: string
  /** Payload of the event; not validated yet. */
  readonly payload: unknown
  /**
   * Whether the client sent it before, on an earlier connection, so that it may have been carried
   * out. A dialect whose clients repeat requests, and do not mark them, sets it always.
   */
  readonly repeated?: boolean | undefined
}

/** A request to a handler of the server. */
export interface RequestCommand {
  readonly kind: 'request'
  /** Missing if the client left it out: such a request cannot be answered, unless it is `ordered`. */
  readonly requestId: string | undefined
  /**
   * Whether the client matches the reply by its order: the request runs after the commands before it,
   * and those after it run later.
   */
  readonly ordered?: boolean | undefined
  /** Type of the request, by which the server finds its handler. */
  readonly type: string
  /** Channel that the request concerns, if any. */
  readonly channel: string | undefined
  /** Id for the event that the request causes, by which the client recognises it. */
  readonly id?: string | undefined
  /** Payload of the request; not validated yet. */
  readonly payload: unknown
  /**
   * Whether the client sent it before, on an earlier connection, so that it may have been carried
   * out. A dialect whose clients repeat requests, and do not mark them, sets it always.
   */
  readonly repeated?: boolean | undefined
}

/** A join, update, leave or heartbeat of the presence of a client. */
export interface PresenceCommand {
  readonly kind: 'presence'
  /** Missing if the client wants no reply. */
  readonly requestId: string | undefined
  /** Change of the presence. */
  readonly action: 'join' | 'update' | 'leave' | 'heartbeat'
  /** Presence channel of the resource; not validated yet. */
  readonly channel: string
  /** The client's metadata there; not validated yet. */
  readonly meta: unknown
  /** Whether a subscribe follows a join: a client that may not subscribe does not join either. */
  readonly subscribes?: boolean | undefined
}

/** A ping of a client. */
export interface PingCommand {
  readonly kind: 'ping'
  /** The client's timestamp, in milliseconds since the Unix epoch, which the pong repeats. */
  readonly timestamp: number | undefined
}

/** The reply of a client to a ping. */
export interface PongCommand {
  readonly kind: 'pong'
}

/** A message that the dialect cannot read. */
export interface MalformedCommand {
  readonly kind: 'malformed'
  /** Reason for logs and for the refusal. */
  readonly reason: string
  /** Id of the request to refuse, if the message has one. */
  readonly requestId: string | undefined
}
