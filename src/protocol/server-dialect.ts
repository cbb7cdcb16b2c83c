import type { Refusal } from '../base/errors.ts'
import type { Codec } from './codec.ts'
import type { Command, MalformedCommand } from './command.ts'
import type { OutgoingEvent, ServerFrame } from './server-frame.ts'

/**
 * The server's half of a dialect: translates between a client's messages and {@link Command}s.
 *
 * Like the client's half it only returns data; it never throws because of a peer's message. One
 * without state serves all connections; one with state is made for each connection, see
 * `dialectMount`.
 */
export interface ServerDialect extends EventEncoder {
  /** Name of the dialect in logs and statistics. */
  readonly name: string
  /**
   * Whether clients detect missed events and request them. The server disconnects a client that
   * cannot, with 1013, once events are missing or it is too slow for them; the client then connects
   * and fetches again.
   * @default true
   */
  readonly recovery?: boolean
  /**
   * Whether a request with the id of an earlier one is a repeat of it, which gets the same reply.
   * @default true
   */
  readonly dedupes?: boolean
  /**
   * Whether a `presence:update` needs the whole user, with all devices, beside what changed; the
   * server reads it from the presence store, so the update may be of a later state.
   * @default false
   */
  readonly wholeUsers?: boolean
  /**
   * Pings that the protocol demands of the server, whether the client is idle or not. A client
   * without a sign of life for `timeoutMs` is disconnected with 4408. Both in milliseconds.
   * @default none
   */
  readonly pings?: { readonly everyMs: number; readonly timeoutMs: number }
  /**
   * Commands that the upgrade request stands for, such as a subscribe; the server carries them out
   * before the messages of the client.
   * @default none
   */
  readonly first?: readonly Exclude<Command, MalformedCommand>[]
  /**
   * Reads the texts of a protocol whose messages are not plain JSON.
   * @default JSON
   */
  readonly codec?: Pick<Codec, 'decode'>
  /** Returns the commands of a message; one that cannot be read is a `malformed` command. */
  decode(wire: unknown): readonly Command[]
  /**
   * Returns the text of a frame, or the texts where the protocol needs several messages; `undefined`
   * if the dialect does not support it.
   *
   * @param now the time of sending, in milliseconds since the Unix epoch
   */
  encode(frame: ServerFrame, now: number): Encoded
  /**
   * Returns the encoder of the events that a connection receives through a channel, at this moment.
   * Connections share the texts of the same encoder, so a dialect with state returns one that has
   * none.
   *
   * @param channel the channel or family of the subscription
   * @param source the channel on which the event was published
   * @default the dialect itself
   */
  events?(channel: string, source: string): EventEncoder
  /**
   * Returns how a connection is closed that is refused as a whole; `undefined` for the default, the
   * close code of the native protocol with the error's code as the reason.
   */
  closing?(error: Refusal): { readonly code: number; readonly reason: string } | undefined
  /**
   * The close code for a client that has exceeded its rates or sent malformed messages too often.
   * @default 4429 and 4400, after which clients connect again
   */
  readonly abuseCode?: number
  /** Joins several texts into one frame; without it, each text is sent as a frame. */
  join?(texts: readonly string[]): string
}

/** The part of a dialect that encodes events. */
export interface EventEncoder {
  /**
   * Returns the text of an event, the same for every receiver; `undefined` if the dialect does not
   * send it.
   */
  encodeEvent(event: OutgoingEvent): string | undefined
}

/** The messages for one frame: a text, several texts, or none. */
export type Encoded = string | readonly string[] | undefined

/** Returns the texts of an encoded frame, in order. */
export function textsOf(encoded: Encoded): readonly string[] {
  if (encoded === undefined) return []
  return typeof encoded === 'string' ? [encoded] : encoded
}
