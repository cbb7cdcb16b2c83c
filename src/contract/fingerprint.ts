import { isFields } from '../protocol/fields.ts'
import type { ContractSchemas } from './contract-types.ts'
import type { Leaf } from './leaves.ts'
import { sha256 } from './sha256.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** Length of a fingerprint, in hex digits. */
const LENGTH = 16

/**
 * Returns a short hash of the names of a contract and, where the library of a schema has its JSON
 * Schema, of what it accepts. The order of names does not matter.
 */
export function fingerprintOf(parts: ContractSchemas, leaves: readonly Leaf[]): string {
  const names = Object.entries(parts).flatMap(([part, map]) =>
    Object.keys(map ?? {}).map((name) => [part, name]),
  )
  const schemas = leaves.map(({ part, names, schema }) => [part, ...names, sorted(inputOf(schema))])
  const lines = [...names, ...schemas].map((line) => JSON.stringify(line)).sort()
  return sha256(lines.join('\n')).slice(0, LENGTH)
}

/** Returns a JSON Schema in an order that does not depend on how the schema was written. */
function sorted(value: unknown, name?: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sorted(item))
    return name === 'required' ? items.sort() : items
  }
  if (!isFields(value)) return value
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(fields.map(([key, item]) => [key, sorted(item, key)]))
}

/** Returns the JSON Schema of what a schema accepts; `undefined` if its library has none. */
export function inputOf(
  schema: StandardSchemaV1,
  target: 'draft-2020-12' | 'draft-07' = 'draft-2020-12',
): Record<string, unknown> | undefined {
  try {
    return schema['~standard'].jsonSchema?.input({ target })
  } catch {
    // JSON Schema cannot express it, such as a function.
    return undefined
  }
}
