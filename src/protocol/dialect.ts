import type { BackoffOptions } from '../base/backoff.ts'
import type { Frame } from './frame.ts'
import type { Intent } from './intent.ts'

/** What a backend can do; where it cannot, the client does without or says so. */
export interface Capabilities {
  /** Subscribes and requests are answered. Without, a subscription is live once it is sent. */
  readonly acks: boolean
  /** Channels have offsets and epochs, and missed events can be asked for. */
  readonly recovery: boolean
  readonly presence: boolean
  /** The server remembers answers, so that a request may be sent again. */
  readonly dedupes: boolean
  /** `agent:*` is a channel of its own, with its own history; its events say so in `via`. */
  readonly families: boolean
  /** Several messages may travel as one array. */
  readonly batches: boolean
}

/** One message for the wire. */
export interface Outgoing {
  readonly wire: unknown
  /**
   * The keys its answer may carry, tried in order; first come, first served within a key.
   * None: no answer will come, it counts as done once it is sent.
   */
  readonly keys: readonly string[]
  /**
   * Of a subscribe or unsubscribe that takes several messages: the channels this one covers. Those
   * that none covers go without saying.
   */
  readonly channels?: readonly string[]
}

/** How credentials reach the server, for dialects that put them outside the greeting. */
export interface Credentials {
  readonly token?: string
  readonly query?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
}

/** A backend's own numbers for a client's options; what the application says outranks them. */
export interface DialectPresets {
  /** The wait between attempts to connect. */
  readonly backoff?: Partial<BackoffOptions>
  /** How long an attempt to connect may take, in milliseconds. */
  readonly connectTimeoutMs?: number
  /** How often the backend wants to be told that somebody is still present, in milliseconds. */
  readonly presenceHeartbeatMs?: number
  /** From one of our pings to the next, in milliseconds, where no welcome tells it. */
  readonly heartbeatMs?: number
}

/**
 * Translates between one backend's messages and {@link Frame}s.
 *
 * It returns data only: no callback, no timer, no table. A translation that has to remember
 * something gets its memory from its {@link DialectFactory}, fresh for every socket.
 */
export interface Dialect {
  readonly name: string
  readonly capabilities: Capabilities
  /** The backend's own numbers, where they differ from the client's defaults. */
  readonly presets: DialectPresets
  /**
   * Who asks for signs of life: we with a ping, only the server, or nobody. A server that asks and
   * tells in its welcome how often is taken for gone when its pings stay away.
   */
  readonly heartbeat: 'ping' | 'server' | 'none'
  /** Close codes after which connecting again makes no sense. */
  readonly fatalCloseCodes: readonly number[]
  /**
   * The types of events that hold the whole state of their channel: after one of them nothing that was
   * missed before it is missing, and a channel in a `gap` is `live` again.
   */
  readonly snapshots?: readonly string[]
  /** The WebSocket subprotocols to offer. */
  readonly protocols: readonly string[]
  /** The address to connect to. */
  url(base: string, credentials: Credentials): string
  /** What a message means; `undefined` where it means nothing to us. */
  decode(wire: unknown): Frame | readonly Frame[] | undefined
  /**
   * The messages for what we want to say; an empty list where it goes without saying, `undefined`
   * where the backend has no word for it. A dialect without a word for `hello` is open as soon as
   * its socket is; one that has nothing to say for it (an empty list) waits for the welcome.
   */
  encode(intent: Intent): readonly Outgoing[] | undefined
  /** Whether an event of `channel` is also one for those who subscribed to `pattern`. */
  match(channel: string, pattern: string): boolean
}

/** Makes the dialect of one socket. */
export type DialectFactory = () => Dialect
