import type { Fields } from '../protocol/fields.ts'
import { asString, isFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'

/** A change of one entity, read from an `entity:*` event. */
export interface EntityChange {
  readonly kind: 'created' | 'updated' | 'deleted'
  /** The entity after the change; missing if the event carries only the id of a deleted one. */
  readonly row: Fields | undefined
  /** The entity's id, where it is a string or a number. */
  readonly id: string | undefined
  /** Id of the user who made the change, if the event carries it. */
  readonly userId: string | undefined
  /** The id that the client gave the change, if the backend returns its `clientId`. */
  readonly clientId: string | undefined
}

const KIND = /^entity:(created|updated|deleted)$/

/**
 * Reads an event; returns `undefined` if it does not describe a change of an entity.
 *
 * The payload is the entity itself, or `{id, entityName, data, userId}`.
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

/** Returns the `id` of a row as text; `undefined` where it is neither a string nor a number. */
export function idOf(row: object): string | undefined {
  const id = 'id' in row ? row.id : undefined
  return typeof id === 'number' ? String(id) : asString(id)
}

function isKind(kind: string | undefined): kind is EntityChange['kind'] {
  return kind !== undefined
}
