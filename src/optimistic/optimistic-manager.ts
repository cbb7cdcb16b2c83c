import { systemClock } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import { badOption, type WirefoldError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { checkNames } from '../base/known-names.ts'
import { printError } from '../base/report.ts'
import type { Readable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EntityIntent, RequestOptions } from '../ports/outgoing-request.ts'
import type { Fields } from '../protocol/fields.ts'
import { asFields, isFields } from '../protocol/fields.ts'
import type { ChannelPosition, Reply } from '../protocol/frame.ts'
import { isApplicationStore } from './application-store.ts'
import { derived } from './derived.ts'
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
import type { Overlay, OverlayDeps } from './overlay.ts'
import { createOverlay } from './overlay.ts'
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
 * A store of the application shows the mutations itself: one with `get` and `set`, a Preact signal, a
 * Vue ref, a Svelte `writable`. For a bound list, or a slot of a registry, {@link view} returns a
 * second store, and the state itself stays confirmed.
 *
 * @example
 * import { bindList, OptimisticManager } from 'wirefold'
 *
 * const optimistic = new OptimisticManager({ client, api })
 * const tasks = bindList(channels, 'entity:Task', { load: async () => ({ state: await fetchTasks() }) })
 * optimistic.view(tasks).subscribe(render)
 * await optimistic.create('Task', { title: 'Write' }, tasks)
 */
export class OptimisticManager<C extends Untyped = Untyped> {
  readonly #options: OptimisticOptions<C>
  readonly #deps: OverlayDeps
  /** Overlays by the store that holds the confirmed state. */
  readonly #overlays = new WeakMap<object, unknown>()
  readonly #requested = new Set<string>()
  readonly #pending: Readable<readonly PendingMutation[]>
  /** Those of them that this manager was asked for. */
  readonly #own
  /** The mutations of entities on a channel whose requests have not settled. */
  readonly #sent

  /** Creates a manager; throws `bad-option` for an option of an unknown name. */
  constructor(options: OptimisticOptions<C> = {}) {
    const { client, channels, api, resolve } = options
    const { holdOwnBroadcastMs = optimisticDefaults.holdOwnBroadcastMs } = options
    checkNames('OptimisticManager', options, { client, channels, api, resolve, holdOwnBroadcastMs })
    const port = client?.port ?? channels?.port
    const report = port?.report ?? printError
    this.#options = options
    this.#deps = {
      clock: port?.clock ?? systemClock,
      client,
      requested: this.#requested,
      channels,
      holdMs: holdOwnBroadcastMs,
      report,
    }
    const own = followedStore<readonly PendingMutation[]>([], report)
    const restored = client?.port.restored
    this.#own = own
    this.#pending = restored
      ? derived([restored, own], (earlier, made) => {
          const known = earlier.map(({ id, intent }) => Object.freeze({ id, intent }))
          return Object.freeze([...known, ...made])
        })
      : own
    this.#sent = followedStore<readonly SentMutation[]>([], report)
  }

  /** The mutations that are not answered yet, in the order they were made; those of earlier pages included. */
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
    { on, apply, request, confirm }: MutateOptions<T, Intent, Result, C>,
  ): Promise<Result> {
    const applied = (state: T): T => apply(state, intent)
    const mutation: Mutation<T, Result> = {
      key: undefined,
      apply: applied,
      confirmed: (result) => (confirm ? (state) => confirm(state, result) : applied),
    }
    const id = this.#newId()
    return this.#run({ id, intent }, this.#overlay(on), mutation, (at) =>
      request(intent, this.#context(id, at, true)),
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
    return this.#change(on, { kind: 'create', entity, data }, (api, context) =>
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
    return this.#change(on, { kind: 'update', entity, id, data: changes }, (api, context) =>
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
    await this.#change(on, { kind: 'delete', entity, id }, (api, context) =>
      api.delete(entity, id, context),
    )
  }

  async #change<Row extends object>(
    on: OptimisticTarget<readonly Row[]>,
    intent: EntityIntent,
    call: (api: EntityApi<C>, context: MutationContext<C>) => Promise<unknown>,
  ): Promise<Row> {
    const { api } = this.#options
    if (!api) throw lacking('api')
    const id = this.#newId()
    const overlay = this.#overlay(on)
    const { source } = overlay
    const stored = !source || { channel: source.channel, intent }
    const pending = { id, intent }
    return this.#run(pending, overlay, this.#mutation(id, intent, overlay), (at) => {
      const send = async () => typed<Row>(await call(api, this.#context(id, at, stored)))
      return source
        ? this.#share({ ...pending, channel: source.channel, at }, overlay, send)
        : send()
    })
  }

  /** Sends a request, and shows its mutation in the other views of the channel meanwhile. */
  async #share<Row extends object>(
    mutation: Omit<SentMutation, 'result'>,
    overlay: Overlay<readonly Row[]>,
    send: () => Promise<Row>,
  ): Promise<Row> {
    const result = send()
    const sent = { ...mutation, result }
    overlay.known.add(sent)
    this.#sent.set([...this.#sent.get(), sent])
    try {
      return await result
    } finally {
      this.#sent.set(this.#sent.get().filter((other) => other !== sent))
    }
  }

  /** Returns the mutation of an intent. */
  #mutation<Row extends object>(
    id: string,
    intent: EntityIntent,
    { base, keyOf, source }: Overlay<readonly Row[]>,
  ): Mutation<readonly Row[], Row> {
    if (intent.kind === 'delete') return removal(intent.id, keyOf)
    const data = { ...asFields(intent.data) }
    if (intent.kind === 'create') {
      const temporaryId = `temp_${id}`
      return creation(typed<Row>({ ...data, id: temporaryId }), temporaryId, keyOf)
    }
    const { resolve } = this.#options
    const resolved =
      resolve &&
      typed<Resolve<Row>>((...rows: [Fields, Fields, Fields]) => resolve(...rows, intent.entity))
    const rules = typed<RowRules<Row>>(source ?? {})
    const before = find(base(), intent.id, keyOf) ?? rules.unseen?.(intent.id)
    const changes = typed<Partial<Row>>(data)
    return alteration(intent.id, changes, before, keyOf, resolved, rules)
  }

  /** Returns the context of a mutation; the positions of its replies are added to `at`. */
  #context(
    id: string,
    at: ChannelPosition[],
    mutation: NonNullable<RequestOptions['mutation']>,
  ): MutationContext<C> {
    const { client } = this.#options
    const request = async (type: string, payload?: unknown, options?: RequestOptions) => {
      if (!client) throw lacking('client')
      this.#requested.add(id)
      const sent = { ...options, id, mutation }
      return payloadOf(await client.requestWithPosition(type, payload, sent), at)
    }
    // It takes what the `request` of the client takes; the contract of that types it.
    return typed<MutationContext<C>>({ id, request })
  }

  /** Makes a mutation: it is pending until its request has settled. */
  async #run<T, Result>(
    pending: PendingMutation,
    overlay: Overlay<T>,
    mutation: Mutation<T, Result>,
    request: (at: ChannelPosition[]) => Promise<Result>,
  ): Promise<Result> {
    const own = this.#own
    const { id } = pending
    own.set(Object.freeze([...own.get(), Object.freeze(pending)]))
    try {
      return await this.#show(id, overlay, mutation, request)
    } finally {
      own.set(own.get().filter((other) => other !== pending))
    }
  }

  /**
   * Shows a mutation until its request has settled. It changes nothing but the overlay, since a view may
   * be made while a component is rendered.
   *
   * @param request sends it, and adds the positions of its events to the list that it is given
   */
  async #show<T, Result>(
    id: string,
    overlay: Overlay<T>,
    mutation: Mutation<T, Result>,
    request: (at: ChannelPosition[]) => Promise<Result>,
    restored = false,
  ): Promise<Result> {
    const at: ChannelPosition[] = []
    try {
      if (restored) this.#requested.add(id)
      overlay.propose(id, mutation, restored)
      const result = await request(at)
      overlay.confirm(id, mutation.confirmed(result), at)
      return result
    } catch (error) {
      overlay.drop(id)
      throw error
    } finally {
      this.#requested.delete(id)
    }
  }

  /**
   * Shows the mutations that other views and earlier pages have sent on the channel of an overlay, until
   * the returned function is called.
   */
  #followOthers(overlay: Overlay<readonly object[]>): Unsubscribe {
    const news = <One extends OnChannel>(all: readonly One[]): readonly One[] =>
      all.filter((one) => {
        if (one.channel !== overlay.source?.channel || overlay.known.has(one)) return false
        overlay.known.add(one)
        return Array.isArray(overlay.base())
      })
    const endSent = this.#sent.subscribe((all) => {
      for (const { id, intent, at, result } of news(all)) {
        const answered = async (own: ChannelPosition[]): Promise<object> => {
          const row = await result
          own.push(...at)
          return row
        }
        this.#showOther(id, intent, overlay, answered, false)
      }
    })
    const endRestored = this.#options.client?.port.restored?.subscribe((all) => {
      for (const { id, intent, reply } of news(all)) {
        const answered = async (own: ChannelPosition[]): Promise<object> => {
          const payload = payloadOf(await reply, own)
          // The function of the `api` that reads the reply is gone with its page.
          return isFields(payload) && overlay.keyOf(payload) !== undefined
            ? payload
            : typed(undefined)
        }
        this.#showOther(id, intent, overlay, answered, true)
      }
    })
    return () => {
      endSent()
      endRestored?.()
    }
  }

  /** Shows a mutation that another view or page has sent. */
  #showOther(
    id: string,
    intent: EntityIntent,
    overlay: Overlay<readonly object[]>,
    answered: (at: ChannelPosition[]) => Promise<object>,
    restored: boolean,
  ): void {
    const mutation = this.#mutation(id, intent, overlay)
    // The caller who sent it, or the client, gets the outcome.
    this.#show(id, overlay, mutation, answered, restored).catch(() => {})
  }

  #newId(): string {
    return this.#options.client?.eventId() ?? randomId()
  }

  #overlay<T>(target: OptimisticTarget<T>): Overlay<T> {
    const store = isApplicationStore(target) ? target : target.state
    const known = this.#overlays.get(store)
    if (known) return typed(known)
    const overlay: Overlay<T> = createOverlay(target, this.#deps, () => follow())
    const follow = () => (overlay.source ? this.#followOthers(typed(overlay)) : undefined)
    this.#overlays.set(store, overlay)
    // Only a followed view may hold a listener at the client: a view is dropped without notice.
    follow()?.()
    return overlay
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'OptimisticManager'
  }
}

/** What is shown in all views of a channel. */
interface OnChannel {
  readonly channel: string
}

/** A mutation of an entity, sent by a view of a channel. */
interface SentMutation extends OnChannel {
  readonly id: string
  readonly intent: EntityIntent
  /** The positions of its events, once the result is known. */
  readonly at: readonly ChannelPosition[]
  readonly result: Promise<object>
}

/** Returns the payload of a reply, and adds its positions to `at`. */
function payloadOf<Payload>(
  { payload, at: positions = [] }: Reply<Payload>,
  at: ChannelPosition[],
) {
  at.push(...positions)
  return payload
}

function lacking(option: string): WirefoldError {
  const message = `This OptimisticManager has no ${option}. Pass the option \`${option}\`.`
  return badOption(option, message)
}

/**
 * The only unchecked cast: rows made here or sent by a backend, and overlays, which are looked up
 * by the store they were made for.
 */
function typed<T>(value: unknown): T {
  return value as T
}
