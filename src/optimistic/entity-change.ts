import type { Fields } from '../protocol/fields.ts'
import { asString, isFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'

/** What an `entity:*` event says of one entity. */
export interface EntityChange {
  readonly kind: 'created' | 'updated' | 'deleted'
  /** The entity as it is now; missing where an event names a deleted one by its id alone. */
  readonly row: Fields | undefined
  /** The entity's id, where it is a string or a number. */
  readonly id: string | undefined
  /** Who changed it, where the event tells. */
  readonly userId: string | undefined
  /** The maker's id for the change, where the backend hands on what it was given as `clientId`. */
  readonly clientId: string | undefined
}

const KIND = /^entity:(created|updated|deleted)$/

/**
 * Reads an event; `undefined` for every other one, and for one that tells nothing of an entity.
 *
 * Its payload is the entity itself, or `{id, entityName, data, userId}`.
 */
export function entityChange({ type, payload }: EventFrame): EntityChange | undefined {
  const kind = KIND.exec(type)?.[1]
  if (!isKind(kind) || !isFields(payload)) return undefined
  const wrapped = 'entityName' in payload && 'data' in payload
  const entity = wrapped ? payload.data : payload
  const row = isFields(entity) ? entity : undefined
  if (row === undefined && kind !== 'deleted') return undefined
  return {
    kind,
    row,
    id: idOf(payload),
    userId: wrapped ? asString(payload.userId) : undefined,
    clientId: asString(payload.clientId) ?? asString(row?.clientId),
  }
}

/** The `id` of a row as text; `undefined` where it is neither a string nor a number. */
export function idOf(row: object): string | undefined {
  const id = 'id' in row ? row.id : undefined
  return typeof id === 'number' ? String(id) : asString(id)
}

function isKind(kind: string | undefined): kind is EntityChange['kind'] {
  return kind !== undefined
}
