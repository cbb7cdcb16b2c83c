import { asFields, asString } from '../../protocol/fields.ts'
import type { EventFrame, NoticeFrame } from '../../protocol/frame.ts'
import { eventFrame, noticeFrame } from '../../protocol/frame-constructors.ts'

/** Types of events for the changes of rows, as `bindList` reads them. */
const TYPES: ReadonlyMap<unknown, string> = new Map([
  ['INSERT', 'entity:created'],
  ['UPDATE', 'entity:updated'],
  ['DELETE', 'entity:deleted'],
])

/** A change of a row: the payload of the events `entity:created`, `entity:updated`, `entity:deleted`. */
export interface RowChange<Row = unknown> {
  /** The table. */
  readonly entityName: string
  /** The schema of the database. */
  readonly schema: string
  /** The row; of a deleted one the columns that its replica identity has, which is the primary key. */
  readonly data: Row
  /** The row before the change: as many columns as the replica identity of the table has. */
  readonly old: Partial<Row> | undefined
  /** Indexes of the `postgres_changes` in the parameters of the subscribe that the change matches. */
  readonly matches: readonly number[]
}

/**
 * Returns the event of a `postgres_changes` message, a notice if it is of another join.
 *
 * A change that the server could not send whole, because a row is too large for example, has the type
 * `postgres_changes` and the server's message as payload.
 *
 * @param ids the ids that the server gave to the `postgres_changes` of the join
 */
export function changeFrame(
  channel: string,
  payload: unknown,
  ids: readonly unknown[],
): EventFrame | NoticeFrame {
  const { ids: of, data } = asFields(payload)
  const change = asFields(data)
  const given: readonly unknown[] = Array.isArray(of) ? of : []
  const matches = [...ids.keys()].filter((index) => given.includes(ids[index]))
  if (!matches.length) return noticeFrame('ignored', 'it is of another join', payload)
  const { schema, table: entityName, record, old_record: old, errors, commit_timestamp } = change
  const timestamp = Date.parse(asString(commit_timestamp) ?? '') || undefined
  const type = Array.isArray(errors) && errors.length ? undefined : TYPES.get(change.type)
  if (!type) return eventFrame(channel, 'postgres_changes', { payload: data, timestamp })
  const row = type === 'entity:deleted' ? old : record
  return eventFrame(channel, type, {
    payload: { entityName, schema, data: row, old, matches },
    timestamp,
  })
}
