import type { Readable, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'
import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import type { BindOptions, BoundState, Rules } from './bind.ts'
import { bind } from './bind.ts'
import { idOf } from './entity-change.ts'
import { find, replace, without } from './row-mutations.ts'
import type { SettableStore } from './state-source.ts'

/** How a list is kept in step with the `entity:*` events of a channel. */
export interface ListOptions<Row extends object> extends BindOptions<readonly Row[]> {
  /**
   * What tells one row from another. A deleted row may be named by its id alone: then the key has to be
   * that.
   * @default the row's `id`
   */
  readonly key?: ((row: Row) => string) | undefined
  /**
   * Whether a row belongs in the list; one that does no more leaves it.
   * @default every row does
   */
  readonly filter?: ((row: Row) => boolean) | undefined
  /**
   * Compares two rows as `Array.prototype.sort` wants it.
   * @default as they were fetched, then as they came
   */
  readonly order?: ((left: Row, right: Row) => number) | undefined
}

/** A list in step with a channel. */
export type BoundList<Row, Store = Readable<readonly Row[]>> = BoundState<readonly Row[], Store>

/**
 * Keeps a list in step with the `entity:created`, `entity:updated` and `entity:deleted` events of a
 * channel: fetched by `load`, with `sync` underneath.
 *
 * A created row that is there already is left as it is; an updated one takes the place of the former,
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
    // Of two with one key the later, in the earlier's place.
    return { state: [...new Map(state.map((row) => [rules.key(row), row])).values()], at }
  }
  return bind(channels, channel, { ...options, load }, rules)
}

function listRules<Row extends object>(options: ListOptions<Row>): Rules<readonly Row[]> {
  const { filter, order } = options
  // What a channel tells of are rows such as `load` gives: that is what binding means.
  const keyIn = (options.key as ((row: object) => string) | undefined) ?? idOf
  const key = (row: object): string | undefined => {
    try {
      return keyIn(row)
    } catch {
      // A row that is being created need not have what the key is made of.
      return undefined
    }
  }
  return {
    initial: [],
    key,
    next(rows, { kind, row, id }) {
      const about = row ? keyIn(row) : id
      if (about === undefined) return rows
      if (!row || kind === 'deleted') return without(rows, about, key)
      const news = row as Row
      if (!find(rows, about, key)) return [...rows, news]
      return kind === 'created' ? rows : replace(rows, about, key, () => news)
    },
    arrange(rows) {
      const kept = filter ? rows.filter(filter) : rows
      return order ? [...kept].sort(order) : kept
    },
  }
}
