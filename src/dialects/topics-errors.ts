/** The codes of errors that have only a text, as the backend would say them. */
const CODES: readonly (readonly [text: RegExp, code: string])[] = [
  [/ not found$/, 'NOT_FOUND'],
  [/^Invalid topic/, 'INVALID_FORMAT'],
  [/^Invalid JSON/, 'BAD_FRAME'],
  [/^Unknown message/, 'UNKNOWN_MESSAGE_TYPE'],
]

/** The code of an error that has only a text; `undefined` where the text tells nothing. */
export function codeOf(text: string): string | undefined {
  return CODES.find(([pattern]) => pattern.test(text))?.[1]
}

/**
 * The topics an error is about, of those that were asked for in one message: the one whose name, or
 * whose id in quotes, is the text's last word, or the one of `Thread 99999 not found`; else all.
 */
export function blamed(text: string, topics: readonly string[]): readonly string[] {
  const name = text
    .replace(/^(\w+) (\S+) not found$/, (_, kind, id) => `${kind.toLowerCase()}:${id}`)
    .replace(/^.* '?|'$/g, '')
  const named = topics.filter((topic) => topic === name || topic.endsWith(`:${name}`))
  return named.length ? named : topics
}
