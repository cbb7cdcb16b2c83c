import { isFields } from '../protocol/fields.ts'
import { changedKey } from './entity-change.ts'
import type { Mutation } from './layers.ts'
import type { Optimistic } from './optimistic-options.ts'

/** Returns the key of a row. */
export type KeyOf = (row: object) => string | undefined

/**
 * Merges a row that changed both here and on the server.
 *
 * @param base the confirmed row when the change was made
 * @param pending that row with the change
 * @param incoming the server's present row
 */
export type Resolve<Row> = (base: Row, pending: Row, incoming: Row) => Row

type Rows<Row> = readonly Row[]

/**
 * Returns a mutation that adds a row, shown at the end under its temporary id until the server's
 * row replaces it.
 */
export function creation<Row extends object>(
  row: Row,
  temporaryId: string,
  keyOf: KeyOf,
): Mutation<Rows<Row>, Row> {
  return {
    key: temporaryId,
    apply: (rows) => [...rows, pendingRow(row)],
    confirmed: (result) => (rows) =>
      isFields(result) && !find(rows, keyOf(result), keyOf) ? [...rows, result] : rows,
    echoes: ({ kind }) => kind === 'created',
    hide: (key) => (rows) => without(rows, key, keyOf),
  }
}

/** Returns a mutation that changes fields of a row; it shows nothing if the row does not exist. */
export function alteration<Row extends object>(
  key: string,
  fields: Partial<Row>,
  before: Row | undefined,
  keyOf: KeyOf,
  resolve: Resolve<Row> | undefined,
  { update = 'merge', unseen = () => undefined }: RowRules<Row> = {},
): Mutation<Rows<Row>, Row> {
  const change = (rows: Rows<Row>, next: (row: Row) => Row): Rows<Row> => {
    const hidden = find(rows, key, keyOf) ? undefined : unseen(key)
    return hidden ? [...rows, next(hidden)] : replace(rows, key, keyOf, next)
  }
  return {
    key,
    apply(rows, base) {
      const incoming = resolve && find(base, key, keyOf)
      return change(rows, (row) => {
        const mine = { ...row, ...fields }
        const moved = resolve && before && incoming && incoming !== before
        return pendingRow(moved ? resolve(before, mine, incoming) : mine)
      })
    },
    confirmed: (result) => (rows) =>
      change(rows, (row) => {
        if (!isFields(result)) return { ...row, ...fields }
        if (update === 'replace') return result
        const { _optimistic: _, ...below }: Optimistic<Row> = row
        return { ...below, ...fields, ...result }
      }),
    echoes: (changed) => changed.kind !== 'created' && changedKey(changed, keyOf) === key,
  }
}

/** Returns a mutation that removes a row. */
export function removal<Row extends object>(
  key: string,
  keyOf: KeyOf,
): Mutation<Rows<Row>, unknown> {
  const apply = (rows: Rows<Row>): Rows<Row> => without(rows, key, keyOf)
  return {
    key,
    apply,
    confirmed: () => apply,
    echoes: (changed) => changed.kind === 'deleted' && changedKey(changed, keyOf) === key,
  }
}

/** Rules of a list by which its rows are changed. */
export interface RowRules<Row> {
  /** Whether an update carries the whole row, or fields to merge into it. */
  readonly update?: 'merge' | 'replace' | undefined
  /** Returns a row that the list knows, but does not show. */
  readonly unseen?: ((key: string) => Row | undefined) | undefined
}

/** Returns the row with a key. */
export function find<Row extends object>(
  rows: Rows<Row>,
  key: string | undefined,
  keyOf: KeyOf,
): Row | undefined {
  return key === undefined ? undefined : rows.find((row) => keyOf(row) === key)
}

/** Returns the rows without the one with a key; the same list where there is none. */
export function without<Row extends object>(
  rows: Rows<Row>,
  key: string | undefined,
  keyOf: KeyOf,
): Rows<Row> {
  const gone = find(rows, key, keyOf)
  return gone ? rows.filter((row) => row !== gone) : rows
}

/**
 * Returns the rows with another in place of the one with a key; the same list where there is none.
 */
export function replace<Row extends object>(
  rows: Rows<Row>,
  key: string,
  keyOf: KeyOf,
  next: (row: Row) => Row,
): Rows<Row> {
  const former = find(rows, key, keyOf)
  return former ? rows.map((row) => (row === former ? next(row) : row)) : rows
}

function pendingRow<Row extends object>(row: Row): Row {
  return { ...row, _optimistic: true }
}
