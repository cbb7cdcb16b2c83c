import type { BackoffOptions } from '../base/backoff.ts'
import type { Codec } from './codec.ts'
import type { Frame } from './frame.ts'
import type { Intent, PublishIntent, RequestIntent } from './intent.ts'

/**
 * Translates between one backend's messages and {@link Frame}s.
 *
 * A dialect only returns data: it has no callbacks and no timers. One that needs state gets it from
 * its {@link DialectFactory}, fresh for every socket.
 */
export interface Dialect {
  /** Name of the dialect in errors and logs. */
  readonly name: string
  /** The abilities of the backend. */
  readonly capabilities: Capabilities
  /** The backend's defaults, where they differ from the client's. */
  readonly presets: DialectPresets
  /**
   * Which side sends pings: the client (`ping`), only the server (`server`), or neither (`none`). A
   * server that sends pings, and announces their interval in the welcome, is considered gone if
   * they stop.
   */
  readonly heartbeat: 'ping' | 'server' | 'none'
  /** Close codes after which the client does not reconnect. */
  readonly fatalCloseCodes: readonly number[]
  /**
   * Close codes with which the backend refuses the credentials: the client asks for other ones once, by
   * `auth('refused')`, and gives up if these are refused, too, or if it has no `auth`.
   * @default [4401]
   */
  readonly deniedCloseCodes?: readonly number[]
  /**
   * Returns the wait that the backend demands after a close code, before the first attempt; `undefined`,
   * or left out: the client's backoff alone.
   */
  readonly retryAfter?: (closeCode: number) => Partial<RetryHint> | undefined
  /**
   * Types of events that hold the whole state of their channel: such an event makes up for all
   * events missed before it, and a channel in a `gap` is `live` again.
   */
  readonly snapshots?: readonly string[]
  /**
   * The codec of the backend, if it is not the client's: `binaryCodec` for one with binary messages,
   * which are then a `Uint8Array` in `decode` and in what `encode` returns.
   * @default the client's option `codec`: with `jsonCodec` a binary message is a `bad-frame` error
   */
  readonly codec?: Codec
  /** WebSocket subprotocols to offer. */
  readonly protocols: readonly string[]
  /** Returns the address to connect to. */
  url(base: string, credentials: Credentials): string
  /** Returns the frames of a message; `undefined` if it has no meaning for the client. */
  decode(wire: unknown): Frame | readonly Frame[] | undefined
  /**
   * Returns the messages for an intent: `[]` for "nothing to send", `undefined` for "not
   * supported".
   *
   * If `hello` is not supported, the connection is open as soon as its socket is; if there is
   * nothing to send for it, the connection waits for the welcome.
   */
  encode(intent: Intent): readonly Outgoing[] | undefined
  /**
   * Whether a request or a publish has to wait, since the backend ignores it before its channel is subscribed
   * to. The client asks again after each reply. Left out: none has to wait.
   */
  waits?(intent: RequestIntent | PublishIntent): boolean
  /** Whether an event of `channel` is also delivered to the subscribers of `pattern`. */
  match(channel: string, pattern: string): boolean
  /**
   * Returns the channel of a subscribe with parameters; `undefined`, or left out: the backend takes none.
   *
   * Where parameters identify a channel, {@link channelWith} of them: intents and frames name the channel
   * so, and subscribes with other parameters are channels of their own. Otherwise the name itself: each
   * subscribe carries the parameters given last.
   */
  channelOf?(name: string, params: unknown): string | undefined
}

/** A wait before the next attempt to connect, in milliseconds. */
export interface RetryHint {
  /** The least wait, in milliseconds, to which that of the backoff is added. */
  readonly floorMs: number
  /**
   * Window, in milliseconds, of which the client picks a random time in place of the backoff: 0 to
   * connect at once, more where many clients were closed at once.
   */
  readonly windowMs: number | undefined
}

/** Creates the dialect of one socket. */
export type DialectFactory = () => Dialect

/** Features of a backend; the client works without a missing one, or reports it as unsupported. */
export interface Capabilities {
  /**
   * Whether subscribes and requests are answered. If not, a subscription is live once it is sent.
   */
  readonly acks: boolean
  /** Whether channels have offsets and epochs, and missed events can be requested. */
  readonly recovery: boolean
  /** Whether the backend has presence. */
  readonly presence: boolean
  /** Whether the server remembers replies, so that a request may be sent again. */
  readonly dedupes: boolean
  /**
   * Whether `agent:*` is a channel of its own, with its own history; its events carry it in `via`.
   */
  readonly families: boolean
  /** Whether several messages may be sent as one array. */
  readonly batches: boolean
}

/** A backend's defaults of client options; options set by the application take precedence. */
export interface DialectPresets {
  /** Waits between attempts to connect. */
  readonly backoff?: Partial<BackoffOptions>
  /** Time limit of an attempt to connect, in milliseconds. */
  readonly connectTimeoutMs?: number
  /** Interval of presence heartbeats that the backend expects, in milliseconds. */
  readonly presenceHeartbeatMs?: number
  /** Interval of the client's pings, in milliseconds, unless the welcome sets it. */
  readonly heartbeatMs?: number
}

/** Credentials for the server, for dialects that send them outside the greeting. */
export interface Credentials {
  /** Token, which the dialect sends where its backend expects it. */
  readonly token?: string
  /** Parameters that are added to the address. */
  readonly query?: Readonly<Record<string, string>>
  /** Subprotocols that are offered after those of the dialect. */
  readonly protocols?: readonly string[]
}

/** A message for the wire. */
export interface Outgoing {
  /** The message, as the codec encodes it. */
  readonly wire: unknown
  /**
   * Keys that the reply may carry, tried in order; requests with the same key are answered in the
   * order in which they were sent. Empty: there is no reply, and the message is done once it is
   * sent.
   */
  readonly keys: readonly string[]
  /**
   * Channels that this message covers, of a subscribe or unsubscribe that takes several messages.
   * Channels that no message covers need none.
   */
  readonly channels?: readonly string[]
}
