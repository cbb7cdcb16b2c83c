import type { Readable, ReadableKind, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'
import { assertFetch } from '../channels/fetch-within.ts'
import type { Subscriber } from '../channels/subscriber.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EntityArg, Rows } from '../contract/event-types.ts'
import type { ApplicationStore } from './application-store.ts'
import type { BindOptions, BoundState, Rules } from './bind.ts'
import { bind } from './bind.ts'
import { changedKey, identified, idOf } from './entity-change.ts'
import { find, replace, without } from './row-mutations.ts'

/** Default values of {@link ListOptions}. */
export const listDefaults = { maxUnseen: 1_000 } as const

/**
 * Keeps a list in step with the `entity:created`, `entity:updated` and `entity:deleted` events of a
 * channel; `load` fetches it, and `sync` decides when.
 *
 * A created row that already exists is left unchanged. An update is merged into its row; an update of
 * a row that is not known makes the list fetch itself again. Rows outside the filter are kept unseen,
 * so that an update that brings one into the filter shows all of it.
 *
 * @example
 * import { writable } from 'svelte/store'
 * import { bindList } from 'wirefold'
 * import { svelteStores } from 'wirefold/svelte'
 *
 * const open = bindList(channels, 'entity:Task', {
 *   load: async (signal) => ({ state: await fetchTasks({ signal }) }),
 *   filter: (task) => !task.done,
 *   into: svelteStores(writable),
 * })
 */
export function bindList<
  Row extends object,
  C extends Untyped = Untyped,
  const Name extends string = string,
  K extends StoreKind = ReadableKind,
>(
  channels: Subscriber<C>,
  channel: EntityArg<C, Name>,
  options: ListOptions<Rows<C, Name, Row>> & {
    readonly into?: StoreFactory<K> | ApplicationStore<readonly Rows<C, Name, Row>[]> | undefined
  },
): BoundList<Rows<C, Name, Row>, StoreOf<K, readonly Rows<C, Name, Row>[]>>
export function bindList<Row extends object>(
  channels: Subscriber,
  channel: string,
  options: ListOptions<Row>,
): unknown {
  assertFetch('load', options.load)
  const rules = listRules(options)
  const load: typeof options.load = async (signal) => {
    const { state, at } = await options.load(signal)
    // Of two rows with one key, the later takes the place of the earlier.
    return { state: [...new Map(state.map((row) => [rules.key(row), row])).values()], at }
  }
  return bind(channels, channel, { ...options, load }, rules)
}

function listRules<Row extends object>(options: ListOptions<Row>): Rules<readonly Row[]> {
  const { filter, order, update, upsert, maxUnseen = listDefaults.maxUnseen } = options
  /** Rows outside the filter by key, the last changed at the end. */
  const unseen = new Map<string, Row>()
  // By the contract of `bindList`, events carry rows of the type that `load` returns.
  const keyIn = (options.key as ((row: object) => string) | undefined) ?? idOf
  const key = (row: object): string | undefined => {
    try {
      return keyIn(row)
    } catch {
      // A row that is being created or updated need not have the fields of the key.
      return undefined
    }
  }

  function keep(row: Row): void {
    const name = key(row)
    if (name === undefined) return
    unseen.delete(name)
    unseen.set(name, row)
    const [oldest] = unseen.keys()
    if (oldest !== undefined && unseen.size > maxUnseen) unseen.delete(oldest)
  }

  return {
    initial: [],
    key,
    next(rows, change, missing) {
      const { kind, row } = change
      const created = kind === 'created'
      const name = changedKey(change, created ? keyIn : key)
      if (name === undefined) return rows
      const shown = find(rows, name, key)
      const known = shown ?? unseen.get(name)
      if (created && known) return rows
      unseen.delete(name)
      if (kind === 'deleted') return without(rows, name, key)
      if (!known && !created && !upsert) {
        missing(name)
        return rows
      }
      const whole = identified(change, key) as Row
      const next = known && update !== 'replace' ? { ...known, ...row } : whole
      if (shown) return replace(rows, name, key, () => next)
      return key(next) === undefined ? rows : [...rows, next]
    },
    arrange(rows, keeps) {
      const isShown = (row: Row): boolean => {
        const shown = !filter || filter(row)
        if (!shown && keeps) keep(row)
        return shown
      }
      const kept = filter ? rows.filter(isShown) : rows
      return order ? [...kept].sort(order) : kept
    },
    forget: () => unseen.clear(),
    has: (rows, name) => unseen.has(name) || find(rows, name, key) !== undefined,
    unseen: (name) => unseen.get(name),
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
   * Whether a row is shown in the list; a row is kept unseen where it is not.
   * @default every row is
   */
  readonly filter?: ((row: Row) => boolean) | undefined
  /**
   * Maximum number of rows outside the filter that are kept unseen, the last changed; one that is not
   * kept counts as not known.
   * @default 1_000
   */
  readonly maxUnseen?: number | undefined
  /**
   * Compares two rows, as for `Array.prototype.sort`.
   * @default as they were fetched, then as they came
   */
  readonly order?: ((left: Row, right: Row) => number) | undefined
}
