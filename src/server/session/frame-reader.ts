import { isWirefoldError } from '../../base/errors.ts'
import type { Command, MalformedCommand } from '../../protocol/command.ts'
import { jsonCodec } from '../../protocol/json-codec.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'

/** A frame's readable messages, or what is wrong with the others. */
export type ReadCommand =
  | Exclude<Command, MalformedCommand>
  | { readonly kind: 'fault'; readonly of: readonly MalformedCommand[] }

/** What a text frame says. One fault a frame, however much of it is wrong. */
export function readFrame(dialect: ServerDialect, text: string): ReadCommand[] {
  const entries: ReadCommand[] = []
  const malformed: MalformedCommand[] = []
  for (const command of decode(dialect, text)) {
    if (command.kind === 'malformed') malformed.push(command)
    else entries.push(command)
  }
  if (malformed.length) entries.push({ kind: 'fault', of: malformed })
  return entries
}

/** What is wrong with a message that came at the wrong time. */
export function unexpected(reason: string): MalformedCommand {
  return { kind: 'malformed', reason, requestId: undefined }
}

function decode(dialect: ServerDialect, text: string): readonly Command[] {
  try {
    return dialect.decode(jsonCodec.decode(text))
  } catch (error) {
    const reason = isWirefoldError(error, 'bad-frame') ? error.detail.reason : 'not readable'
    return [{ kind: 'malformed', reason, requestId: undefined }]
  }
}
