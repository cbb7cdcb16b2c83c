import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields, asString, asStrings } from '../../protocol/fields.ts'
import { readPeerRefusal } from '../../protocol/refusal.ts'
import { allFields, refusalFrames } from './dialect.ts'

/** The error codes of wirefold, by the server's code or, if it sends none, by its text. */
const CODES: readonly (readonly [codeOrText: RegExp, code: string])[] = [
  [/ not found$/, 'not-found'],
  [/^Invalid topic|^INVALID_FORMAT$/, 'bad-channel'],
  [/^Invalid JSON/, 'bad-frame'],
  [/^Unknown message/, 'unknown-type'],
  [/^UNKNOWN$/, 'internal'],
]

/**
 * Adds detailed errors to a dialect of topics: the topics that an error concerns, from a list or
 * from a text such as `Thread 7 not found`, and its code, from a field or from the text. Other
 * topics of the same subscribe are not affected.
 */
export function withErrors(topics: DialectFactory): DialectFactory {
  return () => {
    const inner = topics()
    return {
      ...inner,
      decode(wire) {
        const read = inner.decode(wire) ?? []
        const frames = [read].flat()
        const [first] = frames
        if (!first || !('error' in first)) return read
        const { message, details } = first.error
        const fields = allFields(asFields(wire))
        const peerCode = asString(fields.error_code)
        const code = CODES.find(([pattern]) => pattern.test(peerCode ?? message))?.[1] ?? peerCode
        const listed = asStrings(fields.topics)
        const requested = frames.flatMap((frame) =>
          frame.kind === 'unsubscribed' ? frame.channel : [],
        )
        return refusalFrames(
          listed.length ? listed : concerned(message, requested),
          readPeerRefusal({ code, message }, details),
          'to' in first ? first.to : [],
        )
      },
    }
  }
}

/**
 * Returns the topics of a subscribe that an error text concerns: the one whose name, or whose id in
 * quotes, is the text's last word, or the one of `Thread 99999 not found`; otherwise all.
 */
function concerned(text: string, topics: readonly string[]): readonly string[] {
  const name = text
    .replace(/^(\w+) (\S+) not found$/, (_, kind, id) => `${kind.toLowerCase()}:${id}`)
    .replace(/^.* '?|'$/g, '')
  const named = topics.filter((topic) => topic === name || topic.endsWith(`:${name}`))
  return named.length ? named : topics
}
