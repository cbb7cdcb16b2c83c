import type { Readable, ReadableKind, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'
import type { Subscriber } from '../channels/subscriber.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EntityArg, Rows } from '../contract/event-types.ts'
import type { ApplicationStore } from './application-store.ts'
import type { BindOptions, BoundState } from './bind.ts'
import { bind } from './bind.ts'
import { changedKey, identified, idOf } from './entity-change.ts'

/**
 * Keeps one record in step with the `entity:created`, `entity:updated` and `entity:deleted` events
 * of a channel; `load` fetches it, and `sync` decides when.
 *
 * @example
 * import { bindRecord } from 'wirefold'
 *
 * const task = bindRecord(channels, 'entity:Task:42', {
 *   load: async () => ({ state: (await fetchTasks()).find(({ id }) => id === '42') }),
 * })
 */
export function bindRecord<
  Row extends object,
  C extends Untyped = Untyped,
  const Name extends string = string,
  K extends StoreKind = ReadableKind,
>(
  channels: Subscriber<C>,
  channel: EntityArg<C, Name>,
  options: RecordOptions<Rows<C, Name, Row>> & {
    readonly into?: StoreFactory<K> | ApplicationStore<Rows<C, Name, Row> | undefined> | undefined
  },
): BoundRecord<Rows<C, Name, Row>, StoreOf<K, Rows<C, Name, Row> | undefined>>
export function bindRecord<Row extends object>(
  channels: Subscriber,
  channel: string,
  options: RecordOptions<Row>,
): unknown {
  const { id, update, upsert } = options
  return bind<Row | undefined>(channels, channel, options, {
    initial: undefined,
    key: idOf,
    next(record, change, missing) {
      const { kind, row } = change
      const name = changedKey(change, idOf)
      if (id !== undefined && name !== id) return record
      if (kind === 'deleted') return undefined
      // By the contract of `bindRecord`, events carry rows of the type that `load` returns.
      const whole = identified(change, idOf) as Row
      if (kind === 'created') return record ?? whole
      const former = record && idOf(record)
      if (record && (former === name || former === undefined || name === undefined)) {
        return update === 'replace' ? whole : { ...record, ...row }
      }
      if (upsert) return whole
      missing(name ?? '')
      return record
    },
    arrange: (record) => record,
    forget() {},
    has: (record, name) => record !== undefined && (idOf(record) ?? name) === name,
  })
}

/** A record in step with a channel; `undefined` where there is none. */
export type BoundRecord<Row, Store = Readable<Row | undefined>> = BoundState<Row | undefined, Store>

/** Options of a record that is kept in step with the `entity:*` events of a channel. */
export interface RecordOptions<Row extends object> extends BindOptions<Row | undefined> {
  /**
   * Id of the record, where the channel carries events of others too.
   * @default the id of the record that is fetched
   */
  readonly id?: string | undefined
}
