import type { Command } from './command.ts'
import type { OutgoingEvent, ServerFrame } from './server-frame.ts'

/**
 * The server's half of a dialect: translates between a client's messages and {@link Command}s.
 *
 * Like the client's half it only returns data; it never throws because of a peer's message.
 */
export interface ServerDialect {
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
  /** Returns the commands of a message; one that cannot be read is a `malformed` command. */
  decode(wire: unknown): readonly Command[]
  /**
   * Returns the text of a frame; `undefined` if the dialect does not support it.
   *
   * @param now the time of sending, in milliseconds since the Unix epoch
   */
  encode(frame: ServerFrame, now: number): string | undefined
  /**
   * Returns the text of an event, the same for every receiver; `undefined` if the dialect does not
   * send it.
   */
  encodeEvent(event: OutgoingEvent): string | undefined
  /** Joins several texts into one frame; without it, each text is sent as a frame. */
  join?(texts: readonly string[]): string
}
