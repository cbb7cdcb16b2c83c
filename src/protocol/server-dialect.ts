import type { Command } from './command.ts'
import type { OutgoingEvent, ServerFrame } from './server-frame.ts'

/**
 * The server's half of a dialect: translates between a client's messages and {@link Command}s.
 *
 * Like the client's half it only returns data; it never throws because of a peer's message.
 */
export interface ServerDialect {
  readonly name: string
  /** Returns the commands of a message; one that cannot be read is a `malformed` command. */
  decode(wire: unknown): readonly Command[]
  /** Returns the text of a frame; `undefined` if the dialect does not support it. */
  encode(frame: ServerFrame): string | undefined
  /**
   * Returns the text of an event, the same for every receiver; `undefined` if the dialect does not
   * send it.
   */
  encodeEvent(event: OutgoingEvent): string | undefined
  /** Joins several texts into one frame; without it, each text is sent as a frame. */
  join?(texts: readonly string[]): string
}
