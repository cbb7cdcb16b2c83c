import { badOption } from '../../base/errors.ts'
import type { Readable } from '../../base/store.ts'
import { createStore, followedStore } from '../../base/store.ts'
import type { SyncStatus } from '../../channels/sync.ts'
import type { ListOptions } from '../../optimistic/bind-list.ts'
import { bindList } from '../../optimistic/bind-list.ts'
import { derived } from '../../optimistic/derived.ts'
import type { Optimistic } from '../../optimistic/optimistic-options.ts'
import type { RealtimeParts } from './realtime-parts.ts'

/** A list in step with a channel, as a page shows it. */
export interface ListView<Row extends object> {
  /** The rows, changes that the server has not confirmed included: those have `_optimistic`. */
  readonly rows: readonly Optimistic<Row>[]
  /** Name of the status: `live` once the list was fetched and while it is complete. */
  readonly status: SyncStatus['name']
  /** The error of the last fetch or change, or the refusal of the channel; `undefined` after a success. */
  readonly error: unknown
}

/** The changes of a list: each is shown at once, and taken back where the server refuses it. */
export interface ListActions<Row extends object> {
  /** Creates a row. An unused result causes no unhandled rejection: `error` shows it. */
  create(data: Partial<Row>): Promise<Row>
  /** Changes some fields of a row. */
  update(id: string, changes: Partial<Row>): Promise<Row>
  /** Deletes a row. */
  delete(id: string): Promise<void>
  /** Fetches the list again. */
  refetch(): void
}

/**
 * Options of a list in a component. `load`, `onError`, `filter` and `order` may be written inline: the
 * newest are called, the last two with every render. The others are read once for each channel.
 */
export interface ListHookOptions<Row extends object>
  extends Omit<ListOptions<Row>, 'into' | 'signal' | 'maxUnseen'> {
  /**
   * Name of the entity that `create`, `update` and `delete` change.
   * @default the part of the channel's name behind `entity:`
   */
  readonly entity?: string | undefined
  /**
   * The rows until the list is fetched, such as those with which a server renders the page.
   * @default []
   */
  readonly initial?: readonly Row[] | undefined
}

/** A list that a component shows. */
export interface ListBinding<Row extends object> {
  /** The list before `filter` and `order`. */
  readonly view: Readable<ListView<Row>>
  readonly actions: ListActions<Row>
}

/** Returns a list in step with a channel; it is fetched and followed while its view is followed. */
export function listBinding<Row extends object>(
  parts: RealtimeParts,
  channel: string,
  newest: () => ListHookOptions<Row>,
): ListBinding<Row> {
  const { channels } = parts
  const { report } = channels.port
  const { key, update, upsert, buffer, params, initial } = newest()
  const failure = followedStore<unknown>(undefined, report)
  /** The change that was made last: `error` shows no other's. */
  let latest: Promise<unknown> | undefined
  const list = bindList<Row>(channels, channel, {
    ...{ key, update, upsert, buffer, params },
    into: initial && createStore(initial),
    async load(signal) {
      const snapshot = await newest().load(signal)
      failure.set(undefined)
      return snapshot
    },
    onError(error) {
      failure.set(error)
      const { onError = report } = newest()
      onError(error)
    },
  })
  const view = derived(
    [parts.optimistic.view(list), list.status, failure],
    (rows, status, error): ListView<Row> => ({
      rows,
      status: status.name,
      error: status.name === 'refused' ? status.error : error,
    }),
  )

  function change<Result>(run: (entity: string) => Promise<Result>): Promise<Result> {
    failure.set(undefined)
    const changed = (async () => run(newest().entity ?? entityOf(channel)))()
    latest = changed
    changed.catch((error) => {
      if (latest === changed) failure.set(error)
    })
    return changed
  }

  const actions: ListActions<Row> = {
    create: (data) => change((entity) => parts.optimistic.create(entity, data, list)),
    update: (id, changes) => change((entity) => parts.optimistic.update(entity, id, changes, list)),
    delete: (id) => change((entity) => parts.optimistic.delete(entity, id, list)),
    refetch: () => list.refetch(),
  }
  return { view, actions }
}

/** Returns the rows that are shown, in their order. */
export function arranged<Row extends object>(
  rows: readonly Optimistic<Row>[],
  { filter, order }: Pick<ListHookOptions<Row>, 'filter' | 'order'>,
): readonly Optimistic<Row>[] {
  const shown = filter ? rows.filter(filter) : rows
  return order ? [...shown].sort(order) : shown
}

function entityOf(channel: string): string {
  const [, entity] = /^entity:([^:]+)/.exec(channel) ?? []
  if (entity) return entity
  throw badOption(
    'entity',
    `The list of ${channel} has no entity to change. Pass the option \`entity\`.`,
  )
}
