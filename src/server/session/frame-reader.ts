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

/** Stands for a message before the hello. */
export const NOT_HELLO = malformed('the first message is hello')
/** Stands for another hello. */
export const SECOND_HELLO = malformed('a connection sends hello once')

function malformed(reason: string): MalformedCommand {
  return { kind: 'malformed', reason, requestId: undefined }
}

/** Whether a command is one of the application: a request or a publish. */
export function isRequest({ kind }: ReadCommand): boolean {
  return kind === 'request' || kind === 'publish'
}

function decode(dialect: ServerDialect, text: string): readonly Command[] {
  try {
    return dialect.decode((dialect.codec ?? jsonCodec).decode(text))
  } catch (error) {
    const reason = isWirefoldError(error, 'bad-frame') ? error.detail.reason : 'not readable'
    return [malformed(reason)]
  }
}
