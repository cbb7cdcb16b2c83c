import { isFields } from '../protocol/fields.ts'
import type { In, Out } from './contract-types.ts'
import type { EntityPayload } from './event-types.ts'
import { moved } from './json-schema.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** The schema of a change of a row. */
export type Change<Row extends StandardSchemaV1> = StandardSchemaV1<
  EntityPayload<In<Row>>,
  EntityPayload<Out<Row>>
>
/** The result of the validation of a change. */
export type Result<Row extends StandardSchemaV1> = StandardSchemaV1.Result<EntityPayload<Out<Row>>>

/** The events of the channel of an entity, by type. */
// An interface has no implicit index signature, and would not fit a contract.
export type EntityEventSchemas<Row extends StandardSchemaV1> = {
  /** A row was created. */
  readonly 'entity:created': Change<Row>
  /** A row was changed. */
  readonly 'entity:updated': Change<Row>
  /** A row was deleted. */
  readonly 'entity:deleted': Change<Row>
}

/**
 * Returns the events that `broadcastEntities` of the server publishes for an entity, by the schema of
 * its row. Updates and deletions are published to the channel of the row as well: list both.
 *
 * @example
 * import { contract, entityEvents } from 'wirefold/contract'
 * import { z } from 'zod'
 *
 * const Task = z.object({ id: z.string(), title: z.string() })
 * const shop = contract({
 *   channels: { 'entity:Task': entityEvents(Task), 'entity:Task:{id}': entityEvents(Task) },
 * })
 */
export function entityEvents<const Row extends StandardSchemaV1>(
  row: Row,
): EntityEventSchemas<Row> {
  const change = changeOf(row)
  return { 'entity:created': change, 'entity:updated': change, 'entity:deleted': change }
}

/** Returns the schema of a change of a row. */
function changeOf<Row extends StandardSchemaV1>(row: Row): Change<Row> {
  const { validate, vendor, jsonSchema } = row['~standard']
  return {
    '~standard': {
      version: 1,
      vendor,
      validate(value) {
        const wrong = faultOf(value)
        if (wrong) return { issues: [wrong] }
        // `faultOf` has found the fields of a change.
        const payload = value as EntityPayload<unknown>
        if (payload.data === null) return { value: { ...payload, data: null } }
        const checked = validate(payload.data)
        const withRow = (result: StandardSchemaV1.Result<unknown>): Result<Row> =>
          result.issues
            ? { issues: result.issues.map(within) }
            : { value: { ...payload, data: result.value as Out<Row> } }
        return checked instanceof Promise ? checked.then(withRow) : withRow(checked)
      },
      jsonSchema: jsonSchema && converterOf(jsonSchema),
    },
  }
}

/** Returns the first fault of a change, apart from its row. */
function faultOf(value: unknown): StandardSchemaV1.Issue | undefined {
  if (!isFields(value)) return { message: 'A change of an entity is an object.' }
  const { id, entityName } = value
  if (typeof id !== 'string' && typeof id !== 'number') {
    return { message: 'The id is a string or a number.', path: ['id'] }
  }
  if (typeof entityName !== 'string') {
    return { message: 'The entityName is a string.', path: ['entityName'] }
  }
  if (value.data === undefined) {
    return { message: 'The data is the row, or null where it was deleted.', path: ['data'] }
  }
  return undefined
}

function within({ message, path = [] }: StandardSchemaV1.Issue): StandardSchemaV1.Issue {
  return { message, path: ['data', ...path] }
}

/** The place of a row in the JSON Schema of a change. */
const ROW = '#/properties/data/anyOf/0'

/** Returns the converter of a change, made of the one of its row. */
function converterOf(row: StandardSchemaV1.JsonConverter): StandardSchemaV1.JsonConverter {
  const wrapped =
    (convert: typeof row.input): typeof row.input =>
    (options) => ({
      type: 'object',
      properties: {
        id: { type: ['string', 'number'] },
        entityName: { type: 'string' },
        data: { anyOf: [Object(moved(convert(options), ROW)), { type: 'null' }] },
        userId: { type: ['string', 'null'] },
      },
      required: ['id', 'entityName', 'data'],
    })
  return { input: wrapped(row.input), output: wrapped(row.output) }
}
