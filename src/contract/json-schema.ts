import { isFields } from '../protocol/fields.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** A schema as JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** The keywords whose values are schemas by name. */
const BY_NAME = new Set([
  ...['properties', 'patternProperties', '$defs', 'definitions'],
  ...['dependentSchemas', 'dependencies'],
])
/** The keywords whose values are data, which may look like a schema. */
const DATA = new Set(['const', 'enum', 'default', 'examples'])

/**
 * Returns the JSON Schema of what a schema accepts; `undefined` if its library has none, or one that
 * JSON cannot hold.
 */
export function inputOf(
  schema: StandardSchemaV1,
  target: 'draft-2020-12' | 'draft-07' = 'draft-2020-12',
): JsonSchema | undefined {
  try {
    const json = schema['~standard'].jsonSchema?.input({ target })
    // A copy: a cyclic one, and one that holds a BigInt, fails here.
    return json && JSON.parse(JSON.stringify(json))
  } catch {
    // JSON Schema cannot express it, such as a function.
    return undefined
  }
}

/**
 * Returns a JSON Schema with the values of all its keywords changed, those of inner schemas first.
 *
 * @param change returns the new value of a keyword; `undefined` leaves it out
 */
export function withKeywords(
  schema: unknown,
  change: (keyword: string, value: unknown) => unknown,
): unknown {
  const inner = (value: unknown): unknown => withKeywords(value, change)
  if (Array.isArray(schema)) return schema.map(inner)
  if (!isFields(schema)) return schema
  const changed = Object.entries(schema).map(([keyword, value]) => {
    if (DATA.has(keyword)) return [keyword, change(keyword, value)]
    const named = BY_NAME.has(keyword) && isFields(value)
    const entries = named && Object.entries(value).map(([name, item]) => [name, inner(item)])
    return [keyword, change(keyword, entries ? Object.fromEntries(entries) : inner(value))]
  })
  return Object.fromEntries(changed.filter(([, value]) => value !== undefined))
}

/** Returns a JSON Schema for its place in a document: its references to itself begin there. */
export function moved(schema: unknown, place: string): unknown {
  return withKeywords(schema, (keyword, value) => {
    if (typeof value !== 'string') return value
    if (keyword === '$schema') return undefined
    return keyword === '$ref' && value.startsWith('#') ? `${place}${value.slice(1)}` : value
  })
}

/** Returns the part of a schema that a reference names; `undefined` if it names none. */
export function referred(schema: unknown, reference: string): unknown {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined
  const steps = reference.split('/').slice(1).map(decodedStep)
  return steps.reduce((part: unknown, step) => {
    return typeof part === 'object' && part && Object.hasOwn(part, step)
      ? Reflect.get(part, step)
      : undefined
  }, schema)
}

/** Returns a step of a JSON pointer in a URI as a name (RFC 6901). */
function decodedStep(step: string): string {
  const text = step.replace(/%[0-9a-f]{2}/gi, (code) =>
    String.fromCharCode(Number(`0x${code.slice(1)}`)),
  )
  return text.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Returns the JSON text of a value, with the fields of its objects in the order of their names. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isFields(item) ? Object.fromEntries(Object.entries(item).sort(byName)) : item,
  )
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}
