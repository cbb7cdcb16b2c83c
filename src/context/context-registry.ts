import type { Readable, ReadableKind, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'
import { storeFactory } from '../base/store.ts'
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
  RegistryOptions,
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
  SingleType,
  SlotView,
  StoredName,
  UnhandledKind,
  UnionType,
  ValueOf,
} from './registry-types.ts'
import type { KeySelector } from './slot-plans.ts'
import { derivedPlan, reducePlan, valuePlan } from './slot-plans.ts'

/** A field other than `kind` has to be named to the constructor as well. */
type RegistryArguments<C, By extends string> = By extends 'kind'
  ? [options?: RegistryOptions<C, By>]
  : [options: RegistryOptions<C, By> & { readonly by: By }]

/**
 * Folds events into one store per entity.
 *
 * An event is a plain object, a *context*, told apart from others by a field (`kind`). Each kind is
 * given a slot once; from then on contexts that are dispatched change the entities of their slots,
 * and whoever subscribed to an entity's store hears of it. No connection is needed: a loop over a
 * recorded log does.
 *
 * `C` is the union of all contexts and `By` the field that tells them apart; the rest of the type
 * follows from the slots.
 *
 * @example
 * const contexts = new ContextRegistry<Shop>()
 *   .keyed('Order', (order) => order.id, { parts: (order) => [order.customer] })
 *   .keyed('Customer', (customer) => customer.id)
 *   .single('Till')
 *   .complete()
 * contexts.entity('Order', '17').subscribe((order) => console.log(order?.status))
 * contexts.dispatch({ kind: 'Order', id: '17', status: 'paid', customer: … })
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

  constructor(...options: RegistryArguments<C, By>) {
    this.#arguments = options
    this.#router = this.#makeRouter(storeFactory(options[0]))
  }

  /**
   * Has all entities live in stores of the application's own kind; without, they are `Readable`s.
   *
   * Throws after the first slot.
   */
  storedIn<Own extends StoreKind>(factory: StoreFactory<Own>): ContextRegistry<C, By, Own, Slots> {
    if (this.#plans.length > 0) {
      throw new TypeError('The stores cannot change under existing slots: call storedIn() first.')
    }
    this.#router = this.#makeRouter(factory)
    return this.#typed(this)
  }

  /**
   * Gives a kind a slot of one entity per key.
   *
   * A context whose key is `undefined` or empty concerns no entity; its parts are folded all the
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

  /** Gives a kind a slot of one entity. */
  single<Kind extends FreeKind<C, By, Slots>>(
    kind: Kind,
    options: SingleOptions<ContextOf<C, By, Kind>> = {},
  ): ContextRegistry<C, By, K, Plus<Slots, Kind, SingleType<Kind, ContextOf<C, By, Kind>>>> {
    const slot = valuePlan(kind, undefined, options)
    return this.#add({ kind, slot, parts: options.parts })
  }

  /** Has a kind folded as the contexts within it, in this order; it has no entity of its own. */
  union<Kind extends FreeKind<C, By, Slots>>(
    kind: Kind,
    parts: (context: ContextOf<C, By, Kind>) => readonly unknown[],
  ): ContextRegistry<C, By, K, Plus<Slots, Kind, UnionType<Kind>>> {
    return this.#add({ kind, parts })
  }

  /**
   * Gives a kind a slot whose state a reducer makes: one state, or with a `key` one per entity.
   *
   * The reducer must be pure, and leave the state it is given as it is.
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
   * Adds a slot under a name of its own that a kind feeds besides its own slot or union.
   *
   * It is written after the kind's own slot and before its parts; a value of `undefined` deletes
   * the entity.
   *
   * @example
   * // The status of a whole that its parts do not carry.
   * contexts.derived('activity', 'Step', (step) => step.order.id, (step) => ({ status: step.status }))
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

  /** Does nothing, but compiles only when every kind of `C` is handled; the error names the rest. */
  complete(
    this: [UnhandledKind<C, By, Slots>] extends [never]
      ? ContextRegistry<C, By, K, Slots>
      : `Nothing handles ${UnhandledKind<C, By, Slots>}`,
  ): ContextRegistry<C, By, K, Slots>
  complete(): unknown {
    return this
  }

  /**
   * The store of an entity: the same one for ever, also before its first event, when it holds
   * `undefined`, and after it was deleted.
   */
  entity<Name extends StoredName<Slots>>(
    name: Name,
    ...key: KeyArguments<Slots[Name]>
  ): StoreOf<K, ValueOf<Slots[Name]> | undefined> {
    return this.#typed(this.#router.slot(name).entity(...key))
  }

  /** The entities of a slot: their values of this moment, and with keys which there are. */
  slot<Name extends StoredName<Slots>>(name: Name): SlotView<K, Slots[Name]> {
    return this.#typed(this.#router.slot(name))
  }

  /**
   * A registry with the same slots and options and stores of its own, for example one per process.
   *
   * The same object for the same id until it is disposed. Slots cannot be added any more.
   */
  scope(id: string): ContextRegistry<C, By, K, Slots> {
    const existing = this.#scopes.get(id)
    if (existing) return existing
    const scope = new ContextRegistry<C, By, K, Slots>(...this.#arguments)
    scope.#router = scope.#makeRouter(this.#router.stores)
    for (const plan of this.#plans) scope.#add(plan)
    scope.#leave = () => this.#scopes.delete(id)
    this.#scopes.set(id, scope)
    // A source that goes on after our end must not fill us again through a new scope.
    if (this.#router.closed) scope.dispose()
    return scope
  }

  /** Folds one context: its own slot, then the contexts within it. */
  dispatch(context: C, meta: EventMeta = {}): void {
    this.#router.dispatch(context, meta)
  }

  /**
   * Folds what events carry: the payload itself where it says of which kind it is, else what the
   * payload has under `context`.
   */
  fold(events: readonly EventFrame[]): void {
    this.#router.fold(events)
  }

  /** How many contexts of which kind came that nobody handles; of the first hundred such kinds. */
  get unknown(): Readable<ReadonlyMap<string, number>> {
    return this.#router.unknown.store
  }

  /** The last payloads that came with contexts. */
  get payloads(): PayloadLog {
    return this.#router.payloads
  }

  /** What happened so far, as it is at this moment. */
  counts(): RegistryCounts {
    return { ...this.#router.counts }
  }

  /**
   * Lets go of all entities, and of all scopes; what is dispatched from now on is ignored. Stores
   * keep their last value.
   */
  dispose(): void {
    for (const scope of [...this.#scopes.values()]) scope.dispose()
    this.#router.close()
    this.#leave?.()
    this.#leave = undefined
  }

  #makeRouter(stores: StoreFactory<StoreKind>): ContextRouter {
    return new ContextRouter(this.#typed(this.#arguments[0] ?? {}), stores)
  }

  #add<Grown>(plan: RoutePlan<never, never>): Grown {
    if (this.#scopes.size > 0) {
      throw new TypeError(`A slot cannot be added (${plan.kind}): there are scopes already.`)
    }
    this.#router.add(this.#typed(plan))
    this.#plans.push(this.#typed(plan))
    return this.#typed(this)
  }

  /**
   * The one place where types are taken on trust: the slots are found by names that only the type
   * knows, and of stores the router knows that somebody else's factory made them.
   */
  #typed<T>(value: unknown): T {
    return value as T
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ContextRegistry'
  }
}
