import { systemClock } from '../base/clock.ts'
import { randomId } from '../base/ids.ts'
import { printError } from '../base/report.ts'
import type { Readable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { RequestOptions } from '../ports/outgoing-request.ts'
import type { Fields } from '../protocol/fields.ts'
import type { ChannelPosition } from '../protocol/frame.ts'
import type { Mutation } from './layers.ts'
import type {
  EntityApi,
  MutateOptions,
  MutationContext,
  Optimistic,
  OptimisticOptions,
  PendingMutation,
} from './optimistic-options.ts'
import { optimisticDefaults } from './optimistic-options.ts'
import type { OverlayDeps } from './overlay.ts'
import { Overlay } from './overlay.ts'
import { confirmedBase, isSettableStore, settableBase } from './overlay-base.ts'
import type { Resolve, RowRules } from './row-mutations.ts'
import { alteration, creation, find, removal } from './row-mutations.ts'
import type { ConfirmedState, OptimisticTarget } from './state-source.ts'

/**
 * Shows changes before the server has confirmed them.
 *
 * The view is the confirmed state with the pending mutations applied. A rejected mutation is left
 * out when the view is next computed; an answered one stays until the confirmed state has reached
 * the position in its reply.
 *
 * A store with `get` and `set` shows the mutations itself. For a bound list, or a slot of a
 * registry, {@link view} returns a second store, and the state itself stays confirmed.
 *
 * @example
 * const optimistic = new OptimisticManager({ client, api })
 * const tasks = bindList(channels, 'entity:Task', { load })
 * optimistic.view(tasks).subscribe(render)
 * await optimistic.create('Task', { title: 'Write' }, tasks)
 */
export class OptimisticManager {
  readonly #options: OptimisticOptions
  readonly #deps: OverlayDeps
  /** Overlays by the store that holds the confirmed state. */
  readonly #overlays = new WeakMap<object, unknown>()
  readonly #pending

  constructor(options: OptimisticOptions = {}) {
    const { client, channels } = options
    const holdMs = options.holdOwnBroadcastMs ?? optimisticDefaults.holdOwnBroadcastMs
    const port = client?.port ?? channels?.port
    const report = port?.report ?? printError
    this.#options = options
    this.#deps = {
      clock: port?.clock ?? systemClock,
      channels,
      holdMs,
      userId: () => (holdMs > 0 ? client?.userId : undefined),
      report,
    }
    this.#pending = createStore<readonly PendingMutation[]>([], { onError: report })
  }

  /** The mutations that are not answered yet, in the order they were made. */
  get pending(): Readable<readonly PendingMutation[]> {
    return this.#pending
  }

  /** Returns the confirmed state with the pending mutations applied; the same store every time. */
  view<Row extends object>(on: ConfirmedState<readonly Row[]>): Readable<readonly Optimistic<Row>[]>
  view<T>(on: ConfirmedState<T>): Readable<T>
  view<T>(on: ConfirmedState<T>): Readable<T> {
    return this.#overlay(on).view ?? on.state
  }

  /**
   * Applies an intent to the shown state, and sends the request.
   *
   * Rejects with the error of the request; the mutation is no longer shown by then.
   *
   * @returns the result of the request
   */
  mutate<T, Intent, Result>(
    intent: Intent,
    { on, apply, request, confirm }: MutateOptions<T, Intent, Result>,
  ): Promise<Result> {
    const applied = (state: T): T => apply(state, intent)
    const mutation: Mutation<T, Result> = {
      key: undefined,
      apply: applied,
      confirmed: (result) => (confirm ? (state) => confirm(state, result) : applied),
    }
    return this.#run(this.#newId(), this.#overlay(on), intent, mutation, (context) =>
      request(intent, context),
    )
  }

  /**
   * Creates an entity. It is shown at once, with a temporary id and `_optimistic`, until the
   * server's entity replaces it. If the request is rejected, it is removed and the call rejects.
   */
  create<Row extends object>(
    entity: string,
    data: Partial<Row>,
    on: OptimisticTarget<readonly Row[]>,
  ): Promise<Row> {
    const id = this.#newId()
    const overlay = this.#overlay(on)
    const temporaryId = `temp_${id}`
    const row = this.#typed<Row>({ ...data, id: temporaryId })
    const mutation = creation(row, temporaryId, overlay.keyOf)
    const intent = { kind: 'create', entity, data }
    return this.#entity(id, overlay, intent, mutation, (api, context) =>
      api.create(entity, data, context),
    )
  }

  /**
   * Changes some fields of an entity. The change is shown at once, with `_optimistic`, until the
   * server's entity replaces it. If the request is rejected, these fields are restored and the call
   * rejects.
   */
  update<Row extends object>(
    entity: string,
    id: string,
    changes: Partial<Row>,
    on: OptimisticTarget<readonly Row[]>,
  ): Promise<Row> {
    const overlay = this.#overlay(on)
    const { resolve } = this.#options
    const resolved =
      resolve &&
      this.#typed<Resolve<Row>>((base: Fields, pending: Fields, incoming: Fields) =>
        resolve(base, pending, incoming, entity),
      )
    const rules = this.#typed<RowRules<Row>>(overlay.source ?? {})
    const before = find(overlay.base, id, overlay.keyOf) ?? rules.unseen?.(id)
    const mutation = alteration(id, changes, before, overlay.keyOf, resolved, rules)
    const intent = { kind: 'update', entity, id, data: changes }
    return this.#entity(this.#newId(), overlay, intent, mutation, (api, context) =>
      api.update(entity, id, changes, context),
    )
  }

  /**
   * Deletes an entity. It disappears at once; if the request is rejected, it is shown again in its
   * position and the call rejects.
   */
  async delete<Row extends object>(
    entity: string,
    id: string,
    on: OptimisticTarget<readonly Row[]>,
  ): Promise<void> {
    const overlay = this.#overlay(on)
    const mutation = removal<Row>(id, overlay.keyOf)
    const intent = { kind: 'delete', entity, id }
    await this.#entity(this.#newId(), overlay, intent, mutation, (api, context) =>
      api.delete(entity, id, context),
    )
  }

  async #entity<Row extends object>(
    id: string,
    overlay: Overlay<readonly Row[]>,
    intent: unknown,
    mutation: Mutation<readonly Row[], Row>,
    call: (api: EntityApi, context: MutationContext) => Promise<unknown>,
  ): Promise<Row> {
    const { api } = this.#options
    if (!api)
      throw new TypeError(
        'This OptimisticManager has no api. Pass the option `api` to change entities.',
      )
    return this.#run(id, overlay, intent, mutation, async (context) =>
      this.#typed(await call(api, context)),
    )
  }

  async #run<T, Result>(
    id: string,
    overlay: Overlay<T>,
    intent: unknown,
    mutation: Mutation<T, Result>,
    request: (context: MutationContext) => Promise<Result>,
  ): Promise<Result> {
    const at: ChannelPosition[] = []
    this.#pending.set([...this.#pending.get(), { id, intent }])
    try {
      overlay.propose(id, mutation)
      const result = await request({
        id,
        ask: async <Payload>(type: string, payload?: unknown, options?: RequestOptions) => {
          const { client } = this.#options
          if (!client)
            throw new TypeError(
              'This OptimisticManager has no client. Pass the option `client` to send requests.',
            )
          const reply = await client.requestWithPosition<Payload>(type, payload, { ...options, id })
          at.push(...(reply.at ?? []))
          return reply.payload
        },
      })
      overlay.confirm(id, mutation.confirmed(result), at)
      return result
    } catch (error) {
      overlay.drop(id)
      throw error
    } finally {
      this.#pending.set(this.#pending.get().filter((other) => other.id !== id))
    }
  }

  #newId(): string {
    return this.#options.client?.eventId() ?? randomId()
  }

  #overlay<T>(target: OptimisticTarget<T>): Overlay<T> {
    const store = isSettableStore(target) ? target : target.state
    const known = this.#overlays.get(store)
    if (known) return this.#typed(known)
    const overlayBase = isSettableStore(target)
      ? settableBase(target)
      : confirmedBase(target, this.#deps.report)
    const overlay = new Overlay(overlayBase, store.get(), this.#deps)
    this.#overlays.set(store, overlay)
    return overlay
  }

  /**
   * The only unchecked cast: rows made here or sent by a backend, and overlays, which are looked up
   * by the store they were made for.
   */
  #typed<T>(value: unknown): T {
    return value as T
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'OptimisticManager'
  }
}
