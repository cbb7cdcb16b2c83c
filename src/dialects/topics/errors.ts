import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields, asString, asStrings } from '../../protocol/fields.ts'
import type { Frame } from '../../protocol/frame.ts'
import { readPeerRefusal } from '../../protocol/refusal.ts'
import { refused, toldBy } from './dialect.ts'

/** What errors are called here, by their codes or, where they have none, by their texts. */
const CODES: readonly (readonly [said: RegExp, code: string])[] = [
  [/ not found$/, 'not-found'],
  [/^Invalid topic|^INVALID_FORMAT$/, 'bad-channel'],
  [/^Invalid JSON/, 'bad-frame'],
  [/^Unknown message/, 'unknown-type'],
  [/^UNKNOWN$/, 'internal'],
]

/**
 * A backend of topics whose errors tell more than the message they answer: which topics they are about,
 * in a list or by a text such as `Thread 7 not found`, and a code, which is read off the text too where
 * there is none. The other topics of that message stay as they are.
 */
export function withErrors(topics: DialectFactory): DialectFactory {
  return () => {
    const inner = topics()
    return {
      ...inner,
      decode(wire) {
        const read = inner.decode(wire) ?? []
        const frames: readonly Frame[] = 'kind' in read ? [read] : read
        const [no] = frames
        if (no?.kind !== 'refusal' && no?.kind !== 'unsubscribed') return read
        const { message, details } = no.error
        const told = toldBy(asFields(wire))
        const said = asString(told.error_code)
        const code = CODES.find(([pattern]) => pattern.test(said ?? message))?.[1] ?? said
        const listed = asStrings(told.topics)
        const asked = frames.flatMap((frame) =>
          frame.kind === 'unsubscribed' ? frame.channel : [],
        )
        return refused(
          listed.length ? listed : blamed(message, asked),
          readPeerRefusal({ code, message }, details),
          'to' in no ? no.to : [],
        )
      },
    }
  }
}

/**
 * The topics a text is about, of those that were asked for in one message: the one whose name, or
 * whose id in quotes, is the text's last word, or the one of `Thread 99999 not found`; else all.
 */
function blamed(text: string, topics: readonly string[]): readonly string[] {
  const name = text
    .replace(/^(\w+) (\S+) not found$/, (_, kind, id) => `${kind.toLowerCase()}:${id}`)
    .replace(/^.* '?|'$/g, '')
  const named = topics.filter((topic) => topic === name || topic.endsWith(`:${name}`))
  return named.length ? named : topics
}
