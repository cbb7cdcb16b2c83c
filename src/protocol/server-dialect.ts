import type { Command } from './command.ts'
import type { OutgoingEvent, ServerFrame } from './server-frame.ts'

/**
 * The server's half of a dialect: translates between a client's messages and {@link Command}s.
 *
 * As the client's half it returns data only, and never throws over what a peer sent.
 */
export interface ServerDialect {
  readonly name: string
  /** What a message asks for; one that cannot be read is a `malformed` command. */
  decode(wire: unknown): readonly Command[]
  /** The text for a frame; `undefined` where the dialect has no word for it. */
  encode(frame: ServerFrame): string | undefined
  /** The text for an event, the same for every member; `undefined` where it is not for this dialect. */
  encodeEvent(event: OutgoingEvent): string | undefined
  /** Several texts as one frame; a dialect without a word for that sends a frame each. */
  join?(texts: readonly string[]): string
}
