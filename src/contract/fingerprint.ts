import type { ContractSchemas } from './contract-types.ts'
import type { JsonSchema } from './json-schema.ts'
import { canonicalJson, inputOf, referred, withKeywords } from './json-schema.ts'
import type { Leaf } from './leaves.ts'
import { sha256 } from './sha256.ts'

/** Length of a fingerprint, in hex digits. */
const LENGTH = 16
/**
 * The keywords that do not constrain a value by themselves; a default may be made anew at each
 * conversion, and definitions count where they are referred to.
 */
const ANNOTATIONS = new Set([
  ...['$defs', 'definitions'],
  ...['default', 'title', 'description', 'examples', '$comment'],
  ...['deprecated', 'readOnly', 'writeOnly'],
])
/** The keywords whose values are lists of which the order says nothing. */
const SETS = new Set(['required', 'enum', 'type', 'anyOf', 'oneOf', 'allOf'])

/**
 * Returns a short hash of the names of a contract and, where the library of a schema has its JSON
 * Schema, of what it accepts. The order of names does not matter, nor do
 * defaults and descriptions.
 */
export function fingerprintOf(parts: ContractSchemas, leaves: readonly Leaf[]): string {
  const names = Object.entries(parts).flatMap(([part, map]) =>
    Object.keys(map ?? {}).map((name) => [part, name]),
  )
  const schemas = leaves.map(({ part, names, schema }) => [
    part,
    ...names,
    acceptedBy(inputOf(schema)),
  ])
  const lines = [...names, ...schemas].map((line) => JSON.stringify(line)).sort()
  return sha256(lines.join('\n')).slice(0, LENGTH)
}

/**
 * Returns the text of what a JSON Schema accepts, which does not depend on how it was written: some
 * libraries name definitions by a counter, so each is named by a hash of what it accepts.
 */
function acceptedBy(schema: JsonSchema | undefined): string | undefined {
  if (!schema) return undefined
  let names = new Map<unknown, string>()
  withKeywords(schema, (keyword, value) => {
    if (keyword === '$ref' && referred(schema, String(value))) names.set(value, '')
    return value
  })
  const named = (name: unknown): readonly [unknown, string] => {
    return [name, sha256(textOf(referred(schema, String(name)), names))]
  }
  // Definitions refer to each other: each round separates more of them, until one does not.
  for (let count = 0; count < new Set(names.values()).size; ) {
    count = new Set(names.values()).size
    names = new Map([...names.keys()].map(named))
  }
  return textOf(schema, names)
}

/**
 * Returns the text of what a schema accepts.
 *
 * @param names the names of definitions, by the references to them
 */
function textOf(schema: unknown, names: ReadonlyMap<unknown, string>): string {
  const accepted = withKeywords(schema, (keyword, value) => {
    if (ANNOTATIONS.has(keyword)) return undefined
    if (keyword === '$ref') return names.get(value) ?? value
    return SETS.has(keyword) && Array.isArray(value) ? value.map(canonicalJson).sort() : value
  })
  return canonicalJson(accepted)
}
