import { isWirefoldError } from '../../base/errors.ts'
import type { Command, MalformedCommand } from '../../protocol/command.ts'
import { jsonCodec } from '../../protocol/json-codec.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'

/** A well-formed command of a frame, or all malformed messages of the frame together. */
export type ReadCommand =
  | Exclude<Command, MalformedCommand>
  | { readonly kind: 'fault'; readonly of: readonly MalformedCommand[] }

/** Decodes a text frame. Its malformed messages are returned last, together as one fault. */
export function readFrame(dialect: ServerDialect, text: string): ReadCommand[] {
  const commands: ReadCommand[] = []
  const malformed: MalformedCommand[] = []
  for (const command of decode(dialect, text)) {
    if (command.kind === 'malformed') malformed.push(command)
    else commands.push(command)
  }
  if (malformed.length) commands.push({ kind: 'fault', of: malformed })
  return commands
}

/** Returns a fault for a message received at the wrong time. */
export function unexpected(reason: string): MalformedCommand {
  return { kind: 'malformed', reason, requestId: undefined }
}

function decode(dialect: ServerDialect, text: string): readonly Command[] {
  try {
    return dialect.decode((dialect.codec ?? jsonCodec).decode(text))
  } catch (error) {
    const reason = isWirefoldError(error, 'bad-frame') ? error.detail.reason : 'not readable'
    return [{ kind: 'malformed', reason, requestId: undefined }]
  }
}
