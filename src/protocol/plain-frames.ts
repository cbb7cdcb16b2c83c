import type { Fields } from './fields.ts'
import { isFields } from './fields.ts'
import type { NoticeFrame, ReplyFrame } from './frame.ts'
import { notice } from './notice.ts'

/** Reads a message that is an object with a `type`; anything else is malformed. */
export function readTyped<Read>(
  wire: unknown,
  read: (type: string, wire: Fields) => Read,
): Read | NoticeFrame {
  if (!isFields(wire)) return notice('malformed', 'not an object', wire)
  const { type } = wire
  return typeof type === 'string' ? read(type, wire) : notice('malformed', 'no type', wire)
}

/** A yes, to whoever waits under one of these keys. */
export function plainReply(to: readonly string[], payload: unknown): ReplyFrame {
  return { kind: 'reply', to, payload, at: undefined }
}
