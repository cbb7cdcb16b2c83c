import { WirefoldError } from '../base/errors.ts'
import { isFields } from '../protocol/fields.ts'
import type { ContractSchemas } from './contract-types.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** A schema of a contract; of which part, and the names under which it stands there. */
export interface Leaf {
  readonly part: keyof ContractSchemas
  /** The template or the type of the request; then the type of the event, or `payload` or `reply`. */
  readonly names: readonly string[]
  readonly schema: StandardSchemaV1
}

/** Returns the schemas of a contract. Throws `bad-option` for a value that is no schema. */
export function leavesOf(parts: ContractSchemas): readonly Leaf[] {
  return [
    ...nested('channels', parts.channels),
    ...nested('requests', parts.requests),
    ...flat('presence', [], parts.presence),
  ]
}

function nested(part: Leaf['part'], map: object = {}): Leaf[] {
  return Object.entries(map).flatMap(([name, schemas]) => flat(part, [name], schemas))
}

function flat(part: Leaf['part'], above: readonly string[], map: object = {}): Leaf[] {
  if (!isFields(map)) throw noSchema(part, above, 'an object')
  return Object.entries(map).flatMap(([name, schema]) => {
    if (schema === undefined) return []
    if (!isSchema(schema)) throw noSchema(part, [...above, name], 'a schema')
    return [{ part, names: [...above, name], schema }]
  })
}

/** The schemas of some libraries are functions. */
function isSchema(value: unknown): value is StandardSchemaV1 {
  const holds = (typeof value === 'object' && value !== null) || typeof value === 'function'
  const standard: unknown = holds && Reflect.get(value, '~standard')
  return isFields(standard) && typeof standard.validate === 'function'
}

function noSchema(part: string, names: readonly string[], wanted: string): WirefoldError {
  const message = `The contract has no schema at ${[part, ...names].join(' → ')}. Give ${wanted} of a library that implements Standard Schema.`
  return new WirefoldError('bad-option', message, { option: part })
}
