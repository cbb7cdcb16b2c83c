import type { Readable, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'
import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import type { BindOptions, BoundState, Rules } from './bind.ts'
import { bind } from './bind.ts'
import { idOf } from './entity-change.ts'
import { find, replace, without } from './row-mutations.ts'
import type { SettableStore } from './state-source.ts'

/**
 * Keeps a list in step with the `entity:created`, `entity:updated` and `entity:deleted` events of a
 * channel; `load` fetches it, and `sync` decides when.
 *
 * A created row that already exists is left unchanged; an updated row replaces its former version,
 * or is added where there is none.
 *
 * @example
 * const open = bindList(channels, 'entity:Task', {
 *   load: async (signal) => ({ state: await fetchTasks({ signal }) }),
 *   filter: (task) => task.status === 'open',
 *   into: svelteStores(writable),
 * })
 */
export function bindList<Row extends object, K extends StoreKind>(
  channels: ChannelSubscriber,
  channel: string,
  options: ListOptions<Row> & { readonly into: StoreFactory<K> },
): BoundList<Row, StoreOf<K, readonly Row[]>>
export function bindList<Row extends object>(
  channels: ChannelSubscriber,
  channel: string,
  options: ListOptions<Row> & { readonly into?: SettableStore<readonly Row[]> | undefined },
): BoundList<Row>
export function bindList<Row extends object>(
  channels: ChannelSubscriber,
  channel: string,
  options: ListOptions<Row>,
): unknown {
  const rules = listRules(options)
  const load: typeof options.load = async (signal) => {
    const { state, at } = await options.load(signal)
    // Of two rows with one key, the later takes the place of the earlier.
    return { state: [...new Map(state.map((row) => [rules.key(row), row])).values()], at }
  }
  return bind(channels, channel, { ...options, load }, rules)
}

function listRules<Row extends object>(options: ListOptions<Row>): Rules<readonly Row[]> {
  const { filter, order } = options
  // By the contract of `bindList`, events carry rows of the type that `load` returns.
  const keyIn = (options.key as ((row: object) => string) | undefined) ?? idOf
  const key = (row: object): string | undefined => {
    try {
      return keyIn(row)
    } catch {
      // A row that is being created need not have the fields of the key yet.
      return undefined
    }
  }
  return {
    initial: [],
    key,
    next(rows, { kind, row, id }) {
      const changedKey = row ? keyIn(row) : id
      if (changedKey === undefined) return rows
      if (!row || kind === 'deleted') return without(rows, changedKey, key)
      const incoming = row as Row
      if (!find(rows, changedKey, key)) return [...rows, incoming]
      return kind === 'created' ? rows : replace(rows, changedKey, key, () => incoming)
    },
    arrange(rows) {
      const kept = filter ? rows.filter(filter) : rows
      return order ? [...kept].sort(order) : kept
    },
  }
}

/** A list in step with a channel. */
export type BoundList<Row, Store = Readable<readonly Row[]>> = BoundState<readonly Row[], Store>

/** Options of a list that is kept in step with the `entity:*` events of a channel. */
export interface ListOptions<Row extends object> extends BindOptions<readonly Row[]> {
  /**
   * Returns the key of a row. An event may carry only the id of a deleted row: then the key has to
   * be that id.
   * @default the row's `id`
   */
  readonly key?: ((row: Row) => string) | undefined
  /**
   * Whether a row belongs in the list; a row is removed when it no longer does.
   * @default every row does
   */
  readonly filter?: ((row: Row) => boolean) | undefined
  /**
   * Compares two rows, as for `Array.prototype.sort`.
   * @default as they were fetched, then as they came
   */
  readonly order?: ((left: Row, right: Row) => number) | undefined
}
