import type { Fields } from '../protocol/fields.ts'
import { asString, isFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'

/** A change of one entity, read from an `entity:*` event. */
export interface EntityChange {
  readonly kind: 'created' | 'updated' | 'deleted'
  /**
   * The fields of the entity after the change, all of them or the changed ones; missing if the event
   * carries only the id of a deleted one.
   */
  readonly row: Fields | undefined
  /** The entity's id, where it is a string or a number: the row's own, else the one beside it. */
  readonly id: string | undefined
  /** The id beside the row, as it was sent. */
  readonly idBeside: unknown
  /** Id of the user who made the change, if the event carries it. */
  readonly userId: string | undefined
  /** The id that the client gave the change, if the backend returns its `clientId`. */
  readonly clientId: string | undefined
}

const KINDS = ['created', 'updated', 'deleted'] as const
const LIKE_A_KIND = /(creat|insert|updat|delet|remov)(e|ed)?$/i

/**
 * Reads an event; returns `undefined` if it does not describe a change of an entity.
 *
 * The payload is the entity itself, or `{id, entityName, data, userId}`.
 */
export function entityChange({ type, payload }: EventFrame): EntityChange | undefined {
  const kind = kindOf(type)
  if (!kind || !isFields(payload)) return undefined
  const wrapped = 'entityName' in payload && 'data' in payload
  const entity = wrapped ? payload.data : payload
  const row = isFields(entity) ? entity : undefined
  if (row === undefined && kind !== 'deleted') return undefined
  return {
    kind,
    row,
    id: idOf(row && 'id' in row ? row : payload),
    idBeside: payload.id,
    userId: wrapped ? asString(payload.userId) : undefined,
    clientId: asString(payload.clientId) ?? asString(row?.clientId),
  }
}

/** Returns the `id` of a row as text; `undefined` where it is neither a string nor a number. */
export function idOf(row: object): string | undefined {
  const id = 'id' in row ? row.id : undefined
  return typeof id === 'number' ? String(id) : asString(id)
}

/** Returns the key of the changed row: its own, else the id beside it. */
export function changedKey(
  { row, id }: EntityChange,
  keyOf: (row: object) => string | undefined,
): string | undefined {
  return (row && keyOf(row)) ?? id
}

/** Returns the fields of the changed row with the id beside them, where they have no key. */
export function identified(
  { row, id, idBeside }: EntityChange,
  keyOf: (row: object) => string | undefined,
): Fields {
  const named = id === undefined || (row && keyOf(row) !== undefined)
  return named ? { ...row } : { ...row, id: idBeside }
}

/** Whether the type of an event reads like that of a change, but is not one of the three. */
export function isMisnamed(type: string): boolean {
  return LIKE_A_KIND.test(type) && !kindOf(type)
}

function kindOf(type: string): EntityChange['kind'] | undefined {
  return KINDS.find((kind) => type === `entity:${kind}`)
}
