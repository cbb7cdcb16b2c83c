import { badOption } from '../base/errors.ts'
import type { Readable, ReadableKind, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'
import { storeRules } from '../base/store.ts'
import type { Sink } from '../ports/event-sink.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { RoutePlan } from './context-router.ts'
import { ContextRouter } from './context-router.ts'
import type { EventMeta } from './event-order.ts'
import type { PayloadLog } from './payload-log.ts'
import type {
  DerivedOptions,
  KeyedOptions,
  KeyedReduceOptions,
  ReduceOptions,
  RegistryCounts,
  SingleOptions,
} from './registry-options.ts'
import type {
  ContextOf,
  Discriminated,
  FreeKind,
  KeyArguments,
  KeyedType,
  NoSlots,
  Plus,
  RegistryArguments,
  SingleType,
  SlotView,
  StoredName,
  UnhandledKind,
  UnionType,
  ValueOf,
} from './registry-types.ts'
import type { RegistryStores } from './slot.ts'
import type { KeySelector } from './slot-plans.ts'
import { derivedPlan, reducePlan, valuePlan } from './slot-plans.ts'

/**
 * Folds events into one store per entity.
 *
 * An event is a plain object, a *context*, whose field `kind` (or another one) names its kind. Each
 * kind is given one slot; from then on every dispatched context updates the entities of its slot
 * and notifies the subscribers of their stores. No connection is needed: a recorded log can be
 * dispatched in a loop.
 *
 * `C` is the union of all contexts and `By` the discriminating field; the rest of the type follows
 * from the slots.
 *
 * @example
 * import { ContextRegistry } from 'wirefold'
 *
 * type Customer = { kind: 'Customer'; id: string; name: string }
 * type Order = { kind: 'Order'; id: string; status: string; customer: Customer }
 * const contexts = new ContextRegistry<Order | Customer | { kind: 'Till'; total: number }>()
 *   .keyed('Order', (order) => order.id, { parts: (order) => [order.customer] })
 *   .keyed('Customer', (customer) => customer.id)
 *   .single('Till')
 *   .complete()
 * contexts.entity('Order', '17').subscribe((order) => console.log(order?.status))
 * const ada: Customer = { kind: 'Customer', id: '1', name: 'Ada' }
 * contexts.dispatch({ kind: 'Order', id: '17', status: 'paid', customer: ada })
 */
export class ContextRegistry<
  C extends Discriminated<By>,
  By extends string = 'kind',
  K extends StoreKind = ReadableKind,
  Slots = NoSlots,
> implements Sink
{
  readonly #arguments: RegistryArguments<C, By>
  readonly #plans: RoutePlan[] = []
  readonly #scopes = new Map<string, ContextRegistry<C, By, K, Slots>>()
  #router: ContextRouter
  #leave: (() => void) | undefined

  /** Creates a registry without slots. */
  constructor(...options: RegistryArguments<C, By>) {
    this.#arguments = options
    this.#router = this.#makeRouter({ own: storeRules(options[0]) })
  }

  /**
   * Keeps all entities in stores of the application's own kind; the default kind is `Readable`.
   *
   * Throws after the first slot.
   */
  storedIn<Own extends StoreKind>(factory: StoreFactory<Own>): ContextRegistry<C, By, Own, Slots> {
    if (this.#plans.length > 0) {
      throw badOption('storedIn', 'Call storedIn() before the first slot.')
    }
    this.#router = this.#makeRouter({ ...this.#router.stores, foreign: factory })
    return typed(this)
  }

  /**
   * Adds a slot with one entity per key for a kind.
   *
   * A context whose key is `undefined` or empty updates no entity; its parts are folded all the
   * same.
   */
  keyed<Kind extends FreeKind<C, By, Slots>>(
    kind: Kind,
    key: KeySelector<ContextOf<C, By, Kind>>,
    options: KeyedOptions<ContextOf<C, By, Kind>> = {},
  ): ContextRegistry<C, By, K, Plus<Slots, Kind, KeyedType<Kind, ContextOf<C, By, Kind>>>> {
    const slot = valuePlan(kind, key, options)
    return this.#add({ kind, slot, parts: options.parts })
  }

  /** Adds a slot with one entity for a kind. */
  single<Kind extends FreeKind<C, By, Slots>>(
    kind: Kind,
    options: SingleOptions<ContextOf<C, By, Kind>> = {},
  ): ContextRegistry<C, By, K, Plus<Slots, Kind, SingleType<Kind, ContextOf<C, By, Kind>>>> {
    const slot = valuePlan(kind, undefined, options)
    return this.#add({ kind, slot, parts: options.parts })
  }

  /** Folds a kind as the contexts within it, in this order; the kind itself has no entity. */
  union<Kind extends FreeKind<C, By, Slots>>(
    kind: Kind,
    parts: (context: ContextOf<C, By, Kind>) => readonly unknown[],
  ): ContextRegistry<C, By, K, Plus<Slots, Kind, UnionType<Kind>>> {
    return this.#add({ kind, parts })
  }

  /**
   * Adds a slot whose state a reducer computes: one state, or with a `key` one per entity.
   *
   * The reducer must be pure and must not mutate the state it receives.
   */
  reduce<Kind extends FreeKind<C, By, Slots>, State>(
    kind: Kind,
    how: KeyedReduceOptions<ContextOf<C, By, Kind>, State>,
  ): ContextRegistry<C, By, K, Plus<Slots, Kind, KeyedType<Kind, State>>>
  reduce<Kind extends FreeKind<C, By, Slots>, State>(
    kind: Kind,
    how: ReduceOptions<ContextOf<C, By, Kind>, State>,
  ): ContextRegistry<C, By, K, Plus<Slots, Kind, SingleType<Kind, State>>>
  reduce<Kind extends FreeKind<C, By, Slots>, State>(
    kind: Kind,
    how: ReduceOptions<ContextOf<C, By, Kind>, State>,
  ): unknown {
    return this.#add({ kind, slot: reducePlan(kind, how), parts: how.parts })
  }

  /**
   * Adds a slot under a name of its own, updated by a kind besides that kind's own slot or union.
   *
   * It is written after the kind's own slot and before its parts; a value of `undefined` deletes
   * the entity.
   *
   * @example
   * // The customers whose orders are not paid.
   * contexts.derived('debtor', 'Order', (order) => order.id, ({ status }) => status !== 'paid')
   */
  derived<Name extends string, Kind extends C[By], Value>(
    name: Name extends C[By] | keyof Slots ? never : Name,
    kind: Kind,
    key: KeySelector<ContextOf<C, By, Kind>>,
    toValue: (context: ContextOf<C, By, Kind>) => Value | undefined,
    options: DerivedOptions = {},
  ): ContextRegistry<C, By, K, Plus<Slots, Name, KeyedType<Kind, Value>>> {
    return this.#add({ kind, slot: derivedPlan(name, key, toValue, options), derived: true })
  }

  /**
   * Checks at compile time that every kind of `C` is handled; the type error names the others. Does
   * nothing at run time.
   */
  complete(
    this: [UnhandledKind<C, By, Slots>] extends [never]
      ? ContextRegistry<C, By, K, Slots>
      : `Nothing handles ${UnhandledKind<C, By, Slots>}`,
  ): ContextRegistry<C, By, K, Slots>
  complete(): unknown {
    return this
  }

  /**
   * Returns the store of an entity: always the same one, also before its first event, when it holds
   * `undefined`, and after its deletion.
   */
  entity<Name extends StoredName<Slots>>(
    name: Name,
    ...key: KeyArguments<Slots[Name]>
  ): StoreOf<K, ValueOf<Slots[Name]> | undefined> {
    return typed(this.#router.slot(name).entity(...key))
  }

  /**
   * Returns a view of a slot: the present values of its entities and, with keys, the list of keys.
   */
  slot<Name extends StoredName<Slots>>(name: Name): SlotView<K, Slots[Name]> {
    return typed(this.#router.slot(name))
  }

  /**
   * Returns a registry with the same slots and options and its own stores, for example one per
   * process.
   *
   * The same id gives the same object until it is disposed. Afterwards no slot can be added.
   */
  scope(id: string): ContextRegistry<C, By, K, Slots> {
    const existing = this.#scopes.get(id)
    if (existing) return existing
    const scope = new ContextRegistry<C, By, K, Slots>(...this.#arguments)
    scope.#router = scope.#makeRouter(this.#router.stores)
    for (const plan of this.#plans) scope.#add(plan)
    scope.#leave = () => this.#scopes.delete(id)
    this.#scopes.set(id, scope)
    // A source that still dispatches after dispose() must not refill the registry by a new scope.
    if (this.#router.closed) scope.dispose()
    return scope
  }

  /** Folds one context: its own slot, then the contexts within it. */
  dispatch(context: C, meta: EventMeta = {}): void {
    this.#router.dispatch(context, meta)
  }

  /**
   * Folds the contexts that events carry: the payload itself if it has the discriminating field,
   * else the payload's `context`.
   */
  fold(events: readonly EventFrame[]): void {
    this.#router.fold(events)
  }

  /** Number of contexts per unhandled kind, for the first hundred such kinds. */
  get unknown(): Readable<ReadonlyMap<string, number>> {
    return this.#router.unknown.store
  }

  /** The most recent payloads that came with contexts. */
  get payloads(): PayloadLog {
    return this.#router.payloads
  }

  /** Returns a snapshot of the counters. */
  counts(): RegistryCounts {
    return { ...this.#router.counts }
  }

  /**
   * Releases all entities and all scopes; later dispatches are ignored. Stores keep their last
   * value.
   */
  dispose(): void {
    for (const scope of [...this.#scopes.values()]) scope.dispose()
    this.#router.close()
    this.#leave?.()
    this.#leave = undefined
  }

  #makeRouter(stores: RegistryStores): ContextRouter {
    return new ContextRouter(typed(this.#arguments[0] ?? {}), stores)
  }

  #add<Grown>(plan: RoutePlan<never, never>): Grown {
    if (this.#scopes.size > 0) {
      throw badOption('scope', `Add the slot of ${plan.kind} before its scopes.`)
    }
    this.#router.add(typed(plan))
    this.#plans.push(typed(plan))
    return typed(this)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ContextRegistry'
  }
}

/**
 * The only unchecked cast: slots are looked up by names that only the type knows, and the router
 * does not know the type of the stores that the application's factory makes.
 */
function typed<T>(value: unknown): T {
  return value as T
}
