import { WirefoldError } from '../base/errors.ts'
import type { Codec } from './codec.ts'
import { sampleOf } from './fields.ts'

/** The largest text a client reads, in UTF-16 units. */
const LARGEST = 4 * 1024 * 1024
/** The deepest nesting either end reads. */
const DEEPEST = 64
/** `__proto__` with any of its characters escaped: _ p r o t. */
const ESCAPED_PROTO = /\\u00(?:5f|70|72|6f|74)/i

/**
 * JSON, with bounds: a text over 4 MiB, nested deeper than 64, or not JSON at all is a `bad-frame`,
 * and `__proto__` keys are left out. Each check runs only when a cheap look says it may matter,
 * since parsing itself is what a message costs.
 */
export const jsonCodec: Codec = {
  name: 'json',
  encode: (wire) => JSON.stringify(wire),
  join: (encoded) => `[${encoded.join(',')}]`,
  decode(data) {
    if (typeof data !== 'string') throw bad('binary where text is due', undefined)
    if (data.length > LARGEST) throw bad(`longer than ${LARGEST} characters`, data)
    if (mayNest(data) && depth(data) > DEEPEST) throw bad(`nested deeper than ${DEEPEST}`, data)
    const value = parse(data)
    if (mayPollute(data)) removeProto(value)
    return value
  },
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without a cause: the engine's error holds the whole text for as long as somebody keeps it.
    throw bad('not JSON', text)
  }
}

function mayPollute(text: string): boolean {
  return text.includes('__proto__') || (text.includes('\\u') && ESCAPED_PROTO.test(text))
}

/**
 * Takes `__proto__` keys out of a value that is known not to be too deep; a reviver would cost many
 * times as much.
 */
function removeProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) for (const item of value) removeProto(item)
  else {
    // JSON.parse defines its keys, so that this one is a field like any other.
    if (Object.hasOwn(value, '__proto__')) Reflect.deleteProperty(value, '__proto__')
    for (const field of Object.values(value)) removeProto(field)
  }
}

function bad(reason: string, data: string | undefined): WirefoldError {
  const detail = data === undefined ? { reason } : { reason, sample: sampleOf(data) }
  return new WirefoldError('bad-frame', `A message could not be read: ${reason}.`, detail)
}

/** Whether there are enough opening brackets for the nesting to be too deep. */
function mayNest(text: string): boolean {
  let left = DEEPEST
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      if (left-- === 0) return true
    }
  }
  return false
}

/** The exact nesting of a JSON text, without recursion; stops once it is too deep. */
function depth(text: string): number {
  let deepest = 0
  let level = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (quoted) {
      if (char === 92 /* \ */) at++
      else if (char === 34 /* " */) quoted = false
    } else if (char === 34) quoted = true
    else if (char === 123 /* { */ || char === 91 /* [ */) {
      if (++level > deepest) deepest = level
      if (deepest > DEEPEST) return deepest
    } else if (char === 125 || char === 93) level--
  }
  return deepest
}
