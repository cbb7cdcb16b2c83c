import type { Unsubscribe } from '../base/emitter.ts'
import type { Readable, StoreFactory, StoreKind, StoreOf } from '../base/store.ts'
import type { RealtimeClient } from '../client/realtime-client.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { HandlerArg, Rows } from '../contract/event-types.ts'
import type { ChannelArg, NameBound, RequestBound, ResourceArg } from '../contract/name-types.ts'
import type { MetaIn } from '../contract/presence-types.ts'
import type { Answer, RequestArg } from '../contract/request-types.ts'
import { derived } from '../optimistic/derived.ts'
import type { Optimistic, PendingMutation } from '../optimistic/optimistic-options.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { AnyHandler } from './binding/channel-view.ts'
import { follow, lastEvent } from './binding/channel-view.ts'
import type { ConnectionView } from './binding/connection-view.ts'
import { connectionView } from './binding/connection-view.ts'
import type { EntityKey, EntityName, EntitySource, EntityValue } from './binding/entity-types.ts'
import type {
  PresenceActions,
  PresenceHookView,
  RequestActions,
  ShownEvent,
} from './binding/hook-types.ts'
import type { ListActions, ListHookOptions, ListView } from './binding/list-binding.ts'
import { arranged, listBinding } from './binding/list-binding.ts'
import { presenceBinding } from './binding/presence-binding.ts'
import type { RealtimeOptions } from './binding/realtime-parts.ts'
import { RealtimeParts } from './binding/realtime-parts.ts'
import type { RequestView } from './binding/request-binding.ts'
import { requestBinding } from './binding/request-binding.ts'
import { hasSameMembers } from './binding/same-members.ts'

/** The functions of a library of signals, or of a framework, that the composables need. */
export interface SignalLibrary<K extends StoreKind> {
  /** Makes the library's signals. */
  readonly signals: StoreFactory<K>
  /** Reads a signal, so that the effect that does so follows it. */
  readonly read: <T>(signal: StoreOf<K, T>) => T
  /**
   * Runs `run` once the component is on the page, and again whenever a signal that it has read changes. The
   * function that it returns is called before the next run and at the end of the component. Does
   * nothing while a server renders.
   */
  readonly effect: (run: () => Unsubscribe | undefined) => void
  /** Returns the parts that the component's context provides. */
  readonly inject: () => RealtimeParts | undefined
  /** Whether the component takes over the page that a server has rendered. */
  readonly isHydrating?: (() => boolean) | undefined
}

/**
 * Makes the composables of an application over any library of signals, typed by its contract.
 *
 * Each is called once while a component is set up. A name that changes is given as a function, which
 * may read signals: `() => props.channel`.
 *
 * @example
 * import { createContext, createEffect, createSignal, onCleanup, useContext } from 'solid-js'
 * import { type AccessorKind, accessorSignals, createRealtimeSignals, type RealtimeParts } from 'wirefold/signals'
 *
 * const Realtime = createContext<RealtimeParts>()
 * const { useList } = createRealtimeSignals<typeof shop, AccessorKind>({
 *   signals: accessorSignals(createSignal),
 *   read: (get) => get(),
 *   effect: (run) => createEffect(() => { const end = run(); if (end) onCleanup(end) }),
 *   inject: () => useContext(Realtime),
 * })
 */
export function createRealtimeSignals<
  C extends Untyped,
  K extends StoreKind,
  R extends EntitySource = EntitySource,
>(library: SignalLibrary<K>): RealtimeSignals<C, K, R> {
  const { signals, effect } = library
  const partsHere = (): RealtimeParts => {
    const parts = library.inject()
    if (parts) return parts
    throw new Error(
      'Nothing provides the client here: call provideRealtime({ client }) in a component above.',
    )
  }

  /** Returns a signal for each field of a view, which follow it from the first effect on. */
  function fields<View extends object>(readable: () => Readable<View>): Fields<K, View> {
    const first = readable()
    const rendered = library.isHydrating?.() ? first.initial?.() : undefined
    const made = Object.entries(rendered ?? first.get()).map(([name, value]) => {
      const { store, set } = signals.create<unknown>(value)
      return { name, store, show: setter(value, set) }
    })
    effect(() =>
      readable().subscribe((view) => {
        const values = new Map(Object.entries(view))
        for (const { name, show } of made) show(values.get(name))
      }),
    )
    // Every field of a view is there from the first on.
    return Object.fromEntries(made.map(({ name, store }) => [name, store])) as Fields<K, View>
  }

  /** Returns a signal of the rows to show; signals that the options' functions read are followed. */
  function arrangedIn<Row extends object>(
    rows: StoreOf<K, readonly Optimistic<Row>[]>,
    options: ListHookOptions<Row>,
    view: () => Readable<unknown>,
  ): StoreOf<K, readonly Optimistic<Row>[]> {
    let shown = arranged(library.read(rows), options)
    const { store, set } = signals.create(shown)
    const update = (): void => {
      const next = arranged(library.read(rows), options)
      if (hasSameMembers(shown, next)) return
      shown = next
      set(next)
    }
    effect(() => {
      update()
      // For stores, whose effects run once.
      return view().listen(update)
    })
    return store
  }

  function single<T>(readable: () => Readable<T>): StoreOf<K, T> {
    const boxed = (store: Readable<T>) => derived([store], (value) => ({ value }))
    return fields(byKey(readable, boxed)).value
  }

  const composables = {
    useClient: () => partsHere().client,
    useConnection() {
      const view = connectionView(partsHere().client.port)
      return fields(() => view)
    },
    useChannel(channel: Arg<string | undefined>, handler?: AnyHandler) {
      const parts = partsHere()
      effect(() => {
        const name = read(channel)
        if (name === undefined) return undefined
        return handler ? follow(parts.channels, name, () => handler) : parts.feed(name)
      })
    },
    useEvent(channel: Arg<string | undefined>) {
      const parts = partsHere()
      const name = () => read(channel)
      return single(byKey(name, (known) => lastEvent(() => parts.channels, known)))
    },
    useRequest(type: string) {
      const request = requestBinding(partsHere().client, type)
      effect(request.hold)
      return { ...fields(() => request.view), send: request.send }
    },
    useEntity(name: never, ...key: Arg<never>[]) {
      const { contexts } = partsHere()
      return single(() => contexts.entity(name, ...key.map(read)))
    },
    useList<Row extends object>(channel: Arg<string>, options: ListHookOptions<Row>) {
      const parts = partsHere()
      const name = () => read(channel)
      const list = byKey(name, (known) => listBinding(parts, known, () => options))
      const view = fields(() => list().view)
      const rows = arrangedIn(view.rows, options, () => list().view)
      const actions: ListActions<Row> = {
        create: (data) => list().actions.create(data),
        update: (id, changes) => list().actions.update(id, changes),
        delete: (id) => list().actions.delete(id),
        refetch: () => list().actions.refetch(),
      }
      return { ...view, rows, ...actions }
    },
    usePresence(resource: Arg<string>, meta?: unknown) {
      const parts = partsHere()
      const name = () => read(resource)
      const readMeta = (): unknown => (typeof meta === 'function' ? meta() : meta)
      let given = readMeta()
      const presence = byKey(name, (known) => presenceBinding(parts, known, given))
      effect(() => {
        given = readMeta()
        presence().give(given)
        return undefined
      })
      const update = (next: unknown): void => presence().update(next)
      return { ...fields(() => presence().view), update }
    },
    usePending() {
      const { pending } = partsHere().optimistic
      return single(() => pending)
    },
  }
  // The declared types are those of the contract, which the bindings do not know.
  return composables as unknown as RealtimeSignals<C, K, R>
}

/** Makes the parts for a context to provide. Opens nothing. */
export function realtime<C extends Untyped = Untyped, R extends EntitySource = EntitySource>(
  options: RealtimeOptions<C, R>,
): RealtimeParts {
  // The bindings pass on names and payloads as they are: the contract is of no concern to them.
  return new RealtimeParts(options as unknown as RealtimeOptions)
}

/** A value, or a function that returns it and may read signals. */
export type Arg<T> = T | (() => T)

/** A signal of the library for each field of a view. */
export type Fields<K extends StoreKind, View> = {
  readonly [Name in keyof View]: StoreOf<K, View[Name]>
}

/** The composables of an application, in signals of the kind `K`. */
export interface RealtimeSignals<
  C extends Untyped,
  K extends StoreKind,
  R extends EntitySource = EntitySource,
> {
  /** Returns the client of the context. */
  useClient(): RealtimeClient<C>
  /** Returns the state of the connection, and the time to the next attempt. */
  useConnection(): Fields<K, ConnectionView>
  /**
   * Calls a handler, or the one for the event's type, at every event of a channel while the component
   * lives. Without a handler, the registry of the context folds the events; without a
   * registry the channel is only followed.
   */
  useChannel<
    const X extends NameBound<C> = NameBound<C>,
    const Read extends string = never,
    Event extends EventFrame = ShownEvent<C, Named<C, X, Read>>,
  >(
    channel: ChannelArg<C, X> | (() => ChannelArg<C, Read> | undefined) | undefined,
    handler?: HandlerArg<C, Named<C, X, Read>, Event>,
  ): void
  /** Returns the last event of a channel since the component was set up. */
  useEvent<const X extends NameBound<C> = NameBound<C>, const Read extends string = never>(
    channel: ChannelArg<C, X> | (() => ChannelArg<C, Read> | undefined) | undefined,
  ): StoreOf<K, ShownEvent<C, Named<C, X, Read>> | undefined>
  /** Returns the state of the requests of a type that the component sends, and the function for it. */
  useRequest<const X extends RequestBound<C> = RequestBound<C>>(
    type: RequestArg<C, X>,
  ): Fields<K, RequestView<Answer<C, X>>> & RequestActions<C, X>
  /** Returns an entity of the registry of the context; it does not follow a channel. */
  useEntity<Name extends EntityName<R>>(
    name: Name,
    ...key: ArgsOf<EntityKey<R, Name>>
  ): StoreOf<K, EntityValue<R, Name> | undefined>
  /** Returns a list in step with the `entity:*` events of a channel, as `bindList` keeps it. */
  useList<Row extends object, const X extends string = string, const Read extends string = never>(
    channel: ChannelArg<C, X> | (() => ChannelArg<C, Read>),
    options: ListHookOptions<Rows<C, Named<C, X, Read>, Row>>,
  ): Fields<K, ListView<Rows<C, Named<C, X, Read>, Row>>> &
    ListActions<Rows<C, Named<C, X, Read>, Row>>
  /**
   * Returns the users who are present at a resource.
   *
   * @param meta makes this page present while the component lives; without it the page only watches,
   * until `update` is called. A meta that changes is given as a function.
   */
  usePresence<const X extends string = string, const Read extends string = never>(
    resource: ResourceArg<C, X> | (() => ResourceArg<C, Read>),
    meta?: Arg<MetaIn<C, Named<C, X, Read>> | undefined>,
  ): Fields<K, PresenceHookView<C, Named<C, X, Read>>> & PresenceActions<C, Named<C, X, Read>>
  /** Returns the changes that the server has not answered yet, oldest first. */
  usePending(): StoreOf<K, readonly PendingMutation[]>
}

/**
 * The `X` of a composable with a contract: the name that a function returns, `Read`, else the one that
 * was passed as it is. They are two type parameters, because up to TypeScript 6 the compiler takes the
 * function itself for the name where both are one.
 */
export type Named<C extends Untyped, X, Read> = Untyped extends C
  ? X
  : [Read] extends [never]
    ? X
    : Read

/** A list of values, or of functions that return them. */
export type ArgsOf<Values> = { [Index in keyof Values]: Arg<Values[Index]> }

function read<T extends string | undefined>(arg: Arg<T>): T {
  return typeof arg === 'function' ? arg() : arg
}

/** Returns a function that sets a value where it has changed. */
function setter(initial: unknown, set: (value: unknown) => void): (value: unknown) => void {
  let shown = initial
  return (value) => {
    if (Object.is(shown, value)) return
    shown = value
    set(value)
  }
}

/** Returns a function whose result is made anew only when the key has changed. */
function byKey<Key, T>(key: () => Key, make: (key: Key) => T): () => T {
  let last: { readonly key: Key; readonly value: T } | undefined
  return () => {
    const now = key()
    if (!last || !Object.is(last.key, now)) last = { key: now, value: make(now) }
    return last.value
  }
}
