import { badOption, type WirefoldError } from '../base/errors.ts'
import { checkNames } from '../base/known-names.ts'
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

/** The names of the parts of a contract. */
const PARTS = { channels: 0, requests: 0, presence: 0 }
/** The names of the schemas of a request. */
const SIDES = { payload: 0, reply: 0 }

/**
 * Returns the schemas of a contract. Throws `bad-option` for a value that is no schema, and for a name
 * that a contract does not have.
 */
export function leavesOf(parts: ContractSchemas): readonly Leaf[] {
  checkNames('A contract', parts, PARTS)
  const { channels, requests = {}, presence } = parts
  const leaves = [
    ...nested('channels', channels),
    ...nested('requests', requests),
    ...flat('presence', [], presence),
  ]
  for (const [type, sides] of Object.entries(requests)) {
    checkNames(`The request ${type} of a contract`, sides, SIDES)
  }
  return leaves
}

function nested(part: Leaf['part'], map: unknown = {}): Leaf[] {
  if (!isFields(map)) throw noSchema(part, [], 'an object')
  return Object.entries(map).flatMap(([name, schemas]) => flat(part, [name], schemas))
}

function flat(part: Leaf['part'], above: readonly string[], map: unknown = {}): Leaf[] {
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
  return badOption(part, message)
}
