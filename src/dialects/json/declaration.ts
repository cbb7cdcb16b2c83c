import type { Fields } from '../../protocol/fields.ts'
import type { Position } from '../../protocol/frame.ts'

/**
 * The protocol of a backend that speaks JSON: how its messages are recognised and read, and how those
 * to it are written.
 *
 * `Message` is the type of the backend's messages, for the functions of `receive`. It is an
 * expectation: a message is not checked, and one for which a function throws is reported as `bad-frame`.
 */
export interface JsonDeclaration<Message = Fields> {
  /**
   * Name of the backend in errors.
   * @default 'json'
   */
  readonly name?: string | undefined
  /** The rules by which messages are recognised, tried in the order in which they are declared. */
  readonly receive: JsonReceive<Message>
  /** The functions that return the messages to the backend. */
  readonly send?: JsonSend | undefined
  /**
   * Parameter of the address that carries the token; `false` if none does.
   * @default 'token', and `false` where `send.hello` is declared, which then carries it
   */
  readonly token?: string | false | undefined
  /** Types of events that hold the whole state of their channel; see `snapshots` of `Dialect`. */
  readonly snapshots?: readonly string[] | undefined
  /**
   * Close codes after which the client does not reconnect.
   * @default [1008, 4403]
   */
  readonly fatalCloseCodes?: readonly number[] | undefined
}

/** The kinds of messages that a backend sends; see {@link JsonDeclaration.receive}. */
export interface JsonReceive<Message = Fields> {
  /** An event on a channel. The whole message is its payload, unless `payload` is declared. */
  readonly event?:
    | JsonRule<Message, 'channel' | 'type', 'payload' | 'id' | 'offset' | 'prev' | 'timestamp'>
    | undefined
  /**
   * The reply to a message that carries an id. The whole message is its payload, unless `payload` is
   * declared.
   */
  readonly reply?: JsonRule<Message, 'id', 'payload'> | undefined
  /**
   * The reply to a subscribe: by its id, or by its channel where messages of `send.subscribe` carry
   * none. `offset` and `epoch` are the position of the channel; a `gap` that is true says that events
   * since the position of the subscribe are missing.
   */
  readonly subscribed?:
    | JsonRule<Message, 'when', 'id' | 'channel' | 'offset' | 'epoch' | 'gap'>
    | undefined
  /**
   * An error: with an `id` that of a request or subscribe, else with a `channel` the end of that
   * subscription, else one of the connection.
   */
  readonly error?:
    | JsonRule<Message, 'when', 'id' | 'channel' | 'code' | 'message' | 'retryAfterMs'>
    | undefined
  /** The message with which the connection is open. Without this rule it is open with its socket. */
  readonly welcome?:
    | JsonRule<Message, 'when', 'connectionId' | 'userId' | 'serverTime' | 'heartbeatMs'>
    | undefined
  /** A ping of the backend, answered by `send.pong` if that is declared. */
  readonly ping?: JsonRule<Message, 'when', 'timestamp'> | undefined
  /** The answer to `send.ping`. */
  readonly pong?: JsonRule<Message, 'when', 'timestamp' | 'serverTime'> | undefined
  /** The notice that the credentials expire, after which `send.auth` carries renewed ones. */
  readonly expiring?: JsonRule<Message, 'when', 'expiresAt'> | undefined
  /** Messages that have no meaning for the client. Others without a rule are reported as `bad-frame`. */
  readonly ignored?: JsonRule<Message, 'when', never> | undefined
}

/**
 * The rule for one kind of message: the condition that recognises it, and the places of its fields. Without
 * `when` a message is of the kind if it has a value at every path that is required.
 */
export type JsonRule<Message, Required extends string, Optional extends string> = {
  readonly [Field in Exclude<Required, 'when'>]: JsonField<Message>
} & { readonly [Field in Optional]?: JsonField<Message> | undefined } & ('when' extends Required
    ? { readonly when: JsonCondition<Message> }
    : { readonly when?: JsonCondition<Message> | undefined })

/** The place of a field in a message: a path such as `data.id`, or a function that returns its value. */
export type JsonField<Message = Fields> = string | ((message: Message) => unknown)

/**
 * A condition that recognises a message: by a value at a path; by certain values at paths, such as
 * `{ type: 'pong' }` or `{ type: ['ok', 'done'] }`; or by a function. One that throws does not recognise
 * the message.
 */
export type JsonCondition<Message = Fields> =
  | string
  | Readonly<Record<string, JsonValue | readonly JsonValue[]>>
  | ((message: Message) => boolean)

/** A value by which a message is recognised. */
export type JsonValue = string | number | boolean | null

/**
 * The messages to a backend, as functions that return them; `undefined` where the backend has no
 * message for this call. A function that reads `id`, or `number`, puts it into the message; the backend
 * answers with the same one. The client then waits for the reply, if its rule is declared; in a call for
 * which the function reads none, the message is done once it is sent.
 */
export interface JsonSend {
  /** The first message of a connection; the client then waits for the welcome. */
  readonly hello?: ((call: JsonHello) => unknown) | undefined
  /** Renewed credentials, after a message of the rule `expiring`. */
  readonly auth?: ((call: JsonHello & JsonIds) => unknown) | undefined
  /** The subscribe to one channel. Without it the backend sends the events of every channel unasked. */
  readonly subscribe?: ((call: JsonSubscribe) => unknown) | undefined
  /** The unsubscribe from one channel. */
  readonly unsubscribe?: ((call: JsonIds & { readonly channel: string }) => unknown) | undefined
  /** A request. */
  readonly request?: ((call: JsonRequest) => unknown) | undefined
  /** A publish of an event on a channel. */
  readonly publish?: ((call: JsonPublish) => unknown) | undefined
  /** A ping, which the rule `pong` recognises the answer to. */
  readonly ping?: ((call: JsonPing) => unknown) | undefined
  /** The answer to a message of the rule `ping`. */
  readonly pong?: ((call: Partial<JsonPing>) => unknown) | undefined
}

/** The credentials of a greeting. */
export interface JsonHello {
  /** The token, if `auth` of the client returned one. */
  readonly token: string | undefined
}

/** The two forms of the id of a message; use the one that the backend accepts. */
export interface JsonIds {
  /** A text, unique for the message. */
  readonly id: string
  /** A number, counted from 1 on each connection. */
  readonly number: number
}

/** A subscribe to one channel. */
export interface JsonSubscribe extends JsonIds {
  /** The channel to subscribe to. */
  readonly channel: string
  /** The position after which missed events are wanted, if the channel was live before. */
  readonly since: Position | undefined
  /** The parameters of the subscribe. A function that uses them lets the channels take parameters. */
  readonly params: unknown
}

/** A request. */
export interface JsonRequest extends JsonIds {
  /** Type of the request. */
  readonly type: string
  /** Payload of the request. */
  readonly payload: unknown
  /** Channel that the request concerns, if any. */
  readonly channel: string | undefined
  /** Id for the event that the request causes, which that event is to carry, if the caller gave one. */
  readonly eventId: string | undefined
}

/** A publish of an event on a channel. */
export interface JsonPublish extends JsonIds {
  /** Channel to publish on. */
  readonly channel: string
  /** Type of the event. */
  readonly type: string
  /** Payload of the event. */
  readonly payload: unknown
  /** Id of the event, which the event of the backend is to carry, too. */
  readonly eventId: string
}

/** A ping. */
export interface JsonPing {
  /** Time of the ping, in milliseconds since the Unix epoch. */
  readonly timestamp: number
}
