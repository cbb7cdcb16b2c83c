import { badOption } from '../../base/errors.ts'
import { isChannel } from '../../protocol/channel-name.ts'

/** A template of names, such as `doc:{id}:page/{page}`. */
export interface Template {
  readonly text: string
  /** What stands between its colons. */
  readonly parts: readonly Part[]
  /** The same as text, without the names of parameters. */
  readonly shapes: readonly string[]
  /** The names of its parameters, in order. */
  readonly params: readonly string[]
}

/** The texts of a part between which a parameter stands each; a part without parameters is one text. */
type Part = readonly string[]

/** The last part of the name of a family, `agent:*`. */
const STAR = '*'

/**
 * Parses a template. A parameter in braces stands for one or more characters, none of them a colon
 * or a brace.
 *
 * Throws `bad-option` if the text is no template.
 *
 * @param option names the part of the contract in that error
 */
export function parseTemplate(text: string, option: string): Template {
  const params = Array.from(text.matchAll(/\{([^{}]*)\}/g), ([, name = '']) => name)
  const parts = text.split(':').map((part) => part.split(/\{[^{}]*\}/))
  const mistake = mistakeOf(text, params, parts)
  const shapes = parts.map((part) => part.join('{}'))
  if (mistake === undefined) return { text, parts, shapes, params }
  throw badOption(option, `The template "${text}" ${mistake}`)
}

function mistakeOf(
  text: string,
  params: readonly string[],
  parts: readonly Part[],
): string | undefined {
  if (!isChannel(text)) {
    return 'is empty, longer than 256 characters, or has a control character. No name is like that.'
  }
  if (params.includes('')) return 'has a parameter without a name. Write one between the braces.'
  const twice = params.find((name, at) => params.indexOf(name) !== at)
  if (twice !== undefined) return `has the parameter ${twice} twice. Give each a name of its own.`
  if (parts.some((part) => part.some((literal) => /[{}]/.test(literal)))) {
    return 'has a brace without its pair, or a colon between braces. Write parameters as {name}.'
  }
  const start = text.endsWith(`:${STAR}`) ? text.slice(0, -1) : text
  if (start.includes(STAR)) return 'has a "*". It may only be the last part, after a colon.'
  return undefined
}

/** Whether a template has no parameters, so that it is only the name itself. */
export function isName({ params }: Template): boolean {
  return params.length === 0
}

/**
 * Whether a template fits a name; in time proportional to the length of the name.
 *
 * @param values what stands between the colons of the name
 */
export function fits({ parts }: Template, values: readonly string[]): boolean {
  return values.length === parts.length && fitsFirst(parts, values)
}

/** Whether a template has members in the family of a name such as `agent:*`. */
export function hasMembersIn({ parts }: Template, family: string): boolean {
  const first = family.split(':').slice(0, -1)
  return parts.length > first.length && fitsFirst(parts, first)
}

/** Returns the name of the family of all names that begin with some parts. */
export function familyName(first: readonly string[]): string {
  return [...first, STAR].join(':')
}

/** Whether the parts of a template fit values, as many as there are. */
function fitsFirst(parts: readonly Part[], values: readonly string[]): boolean {
  return values.every((value, at) => {
    const part = parts[at] ?? []
    // The last part of a family's name is no value of a parameter.
    if (value === STAR && at > 0 && at === parts.length - 1) return part[0] === STAR
    return fitsPart(part, value)
  })
}

/** Whether a part fits a value: every parameter takes one or more characters of it, and no brace. */
function fitsPart(part: Part, value: string): boolean {
  const [first = '', ...rest] = part
  const last = rest.pop()
  if (last === undefined) return value === first
  if (!value.startsWith(first) || !value.endsWith(last) || /[{}]/.test(value)) return false
  let at = first.length
  for (const literal of rest) {
    const found = value.indexOf(literal, at + 1)
    if (found < 0) return false
    at = found + literal.length
  }
  return at < value.length - last.length
}

/**
 * Orders templates so that the one that counts for a name is the first that fits: at the first part
 * in which two differ, the literal comes before the one with parameters.
 */
export function byPrecedence(one: Template, other: Template): number {
  for (const [at, shape] of one.shapes.entries()) {
    const against = other.shapes[at]
    if (against === undefined) return 1
    if (shape === against) continue
    const rank = Number(hasParameter(one, at)) - Number(hasParameter(other, at))
    return rank || (shape < against ? -1 : 1)
  }
  return one.parts.length - other.parts.length
}

/** Whether two templates fit one name, and nothing decides which of them counts for it. */
export function isUndecided(one: Template, other: Template): boolean {
  const { length } = one.parts
  if (length !== other.parts.length) return false
  // A contract has many pairs, most of which differ in their first part.
  for (const [at, part] of one.parts.entries()) {
    if (!mayMeet(part, other.parts[at] ?? [], at > 0 && at === length - 1)) return false
  }
  const differing = one.shapes.findIndex((shape, at) => shape !== other.shapes[at])
  return differing < 0 || (hasParameter(one, differing) && hasParameter(other, differing))
}

function hasParameter({ parts }: Template, at: number): boolean {
  return (parts[at]?.length ?? 0) > 1
}

/** Whether a value fits two parts, of which the last may be that of a family. */
function mayMeet(one: Part, other: Part, isLast: boolean): boolean {
  const [first = '', otherFirst = ''] = [one[0], other[0]]
  if (one.length === 1 && other.length === 1) return first === otherFirst
  if (isLast && (first === STAR || otherFirst === STAR)) return false
  if (one.length === 1) return fitsPart(other, first)
  if (other.length === 1) return fitsPart(one, otherFirst)
  // Parameters take anything, so only the two ends of a value have to suit both.
  const [last = '', otherLast = ''] = [one.at(-1), other.at(-1)]
  const begins = first.startsWith(otherFirst) || otherFirst.startsWith(first)
  return begins && (last.endsWith(otherLast) || otherLast.endsWith(last))
}
