import { WirefoldError } from '../base/errors.ts'
import type { Codec } from './codec.ts'
import { sampleOf } from './fields.ts'

/** Longest text that a client reads, in UTF-16 units. */
export const LONGEST_TEXT = 4 * 1024 * 1024
/** Deepest nesting that client and server read. */
const DEEPEST = 64
/** `__proto__` with any of its characters escaped: _ p r o t. */
const ESCAPED_PROTO = /\\u00(?:5f|70|72|6f|74)/i

/**
 * JSON with limits: a text over 4 MiB, nested deeper than 64, or not valid is a `bad-frame` error,
 * and `__proto__` keys are removed.
 *
 * Each check runs only if a cheap scan shows that it may matter: parsing is the main cost of a
 * message.
 */
export const jsonCodec = {
  name: 'json',
  encode: (wire: unknown): string => JSON.stringify(wire),
  join: (encoded: readonly string[]): string => `[${encoded.join(',')}]`,
  decode(data: unknown): unknown {
    if (typeof data !== 'string') throw badFrame('binary where text is due')
    if (data.length > LONGEST_TEXT) throw badFrame(`longer than ${LONGEST_TEXT} characters`, data)
    if (mayNest(data) && isTooDeep(data)) throw badFrame(`nested deeper than ${DEEPEST}`, data)
    const value = parse(data)
    if (mayPollute(data)) removeProto(value)
    return value
  },
} satisfies Codec

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without a cause: the error of the engine would keep the whole text in memory.
    throw badFrame('not JSON', text)
  }
}

/**
 * Returns the error for a message that cannot be read.
 *
 * @param text the message, of which the error has the beginning
 * @param reader what could not read it, such as ` by native`
 */
export function badFrame(reason: string, text?: string, reader = ''): WirefoldError<'bad-frame'> {
  const message = `A message could not be read${reader}: ${reason}.`
  const detail = { reason, ...(text !== undefined && { sample: sampleOf(text) }) }
  return new WirefoldError('bad-frame', message, detail)
}

function mayPollute(text: string): boolean {
  // V8 searches for one character several times as fast as for more.
  return (
    (text.indexOf('_') >= 0 && text.includes('__proto__')) ||
    (text.indexOf('\\') >= 0 && ESCAPED_PROTO.test(text))
  )
}

/**
 * Removes `__proto__` keys from a value that is known not to be too deep; a reviver would cost many
 * times as much.
 */
function removeProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  // JSON.parse defines `__proto__` as an own property, which can be deleted.
  Reflect.deleteProperty(value, '__proto__')
  for (const item of Object.values(value)) removeProto(item)
}

/** Whether a text has enough opening brackets to be nested too deeply. */
function mayNest(text: string): boolean {
  const lists = countOf('[', text, DEEPEST)
  // A level needs two characters as a list, five as an object, {"":}, of which the last one is {}.
  if (lists + (text.length - 2 * lists + 3) / 5 <= DEEPEST) return false
  return lists + countOf('{', text, DEEPEST - lists) > DEEPEST
}

/** Counts a character in a text; stops above a number. */
function countOf(character: string, text: string, most: number): number {
  let count = 0
  let at = text.indexOf(character)
  while (at >= 0 && count++ <= most) at = text.indexOf(character, at + 1)
  return count
}

/** Whether a JSON text is nested too deeply; without recursion. */
function isTooDeep(text: string): boolean {
  let level = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (quoted) {
      if (char === 92 /* \ */) at++
      else if (char === 34 /* " */) quoted = false
    } else if (char === 34) quoted = true
    else if (char === 123 /* { */ || char === 91 /* [ */) {
      if (++level > DEEPEST) return true
    } else if (char === 125 || char === 93) level--
  }
  return false
}
