import type { ReactNode } from 'react'
import {
  createContext,
  createElement,
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { RealtimeClient } from '../client/realtime-client.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { HandlerArg, Rows } from '../contract/event-types.ts'
import type { ChannelArg, NameBound, RequestBound, ResourceArg } from '../contract/name-types.ts'
import type { MetaIn } from '../contract/presence-types.ts'
import type { RequestArg } from '../contract/request-types.ts'
import type { PendingMutation } from '../optimistic/optimistic-options.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { AnyHandler } from './binding/channel-view.ts'
import { follow, lastEvent } from './binding/channel-view.ts'
import type { ConnectionView } from './binding/connection-view.ts'
import { connectionView } from './binding/connection-view.ts'
import type { EntityKey, EntityName, EntitySource, EntityValue } from './binding/entity-types.ts'
import type { ListHook, PresenceHook, RequestHook, ShownEvent } from './binding/hook-types.ts'
import type { ListHookOptions } from './binding/list-binding.ts'
import { arranged, listBinding } from './binding/list-binding.ts'
import { presenceBinding } from './binding/presence-binding.ts'
import type { RealtimeOptions } from './binding/realtime-parts.ts'
import { RealtimeParts } from './binding/realtime-parts.ts'
import { requestBinding } from './binding/request-binding.ts'
import { hasSameMembers } from './binding/same-members.ts'
import { useProvided, useReadable } from './react.ts'

/**
 * Makes the hooks of an application, typed by its contract, and the provider they need.
 *
 * Rendering opens nothing: effects do, so that a server never connects, and everything is released
 * with the component.
 *
 * @example
 * import { createRealtimeHooks } from 'wirefold/react'
 *
 * export const { RealtimeProvider, useChannel, useList } = createRealtimeHooks<typeof shop>()
 */
export function createRealtimeHooks<
  C extends Untyped = Untyped,
  R extends EntitySource = EntitySource,
>(): RealtimeHooks<C, R> {
  const Context = createContext<RealtimeParts | undefined>(undefined)
  Context.displayName = 'RealtimeClient'
  // The declared types are those of the contract, which the bindings do not know.
  const hooks = {
    RealtimeProvider({ children, ...options }: RealtimeProviderProps): ReactNode {
      const { client, channels, contexts, presence, optimistic } = options
      const keys = [client, channels, contexts, presence, optimistic]
      const parts = useKept(() => new RealtimeParts(options), keys)
      // Before the effects of the components below, which may use it.
      useInsertionEffect(() => {
        parts.options = options
      })
      return createElement(Context.Provider, { value: parts }, children)
    },
    useClient: () => useProvided(Context).client,
    useConnection() {
      const { client } = useProvided(Context)
      return useReadable(useKept(() => connectionView(client.port), [client]))
    },
    useChannel(channel: string | undefined, handler?: AnyHandler) {
      const parts = useProvided(Context)
      const newest = useNewest(handler)
      const isFed = handler === undefined
      useEffect(() => {
        if (channel === undefined) return
        if (isFed) return parts.feed(channel)
        return follow(parts.channels, channel, () => newest.current ?? {})
      }, [parts, channel, newest, isFed])
    },
    useEvent(channel: string | undefined) {
      const parts = useProvided(Context)
      const keys = [parts, channel]
      return useReadable(useKept(() => lastEvent(() => parts.channels, channel), keys))
    },
    useRequest(type: string) {
      const { client } = useProvided(Context)
      const request = useKept(() => requestBinding(client, type), [client, type])
      useEffect(() => request.hold(), [request])
      const view = useReadable(request.view)
      return useMemo(() => ({ ...view, send: request.send }), [view, request])
    },
    useEntity(name: never, ...key: never[]): unknown {
      return useReadable(useProvided(Context).contexts.entity(name, ...key))
    },
    useList<Row extends object>(channel: string, options: ListHookOptions<Row>) {
      const parts = useProvided(Context)
      const newest = useNewest(options)
      const make = () => listBinding(parts, channel, () => newest.current)
      const list = useKept(make, [parts, channel])
      const view = useReadable(list.view)
      const rows = useShown(arranged(view.rows, options))
      return useMemo(() => ({ ...list.actions, ...view, rows }), [list, view, rows])
    },
    usePresence(resource: string, meta?: unknown) {
      const parts = useProvided(Context)
      const keys = [parts, resource]
      const presence = useKept(() => presenceBinding(parts, resource, meta), keys)
      useEffect(() => presence.give(meta), [presence, meta])
      const view = useReadable(presence.view)
      return useMemo(() => ({ ...view, update: presence.update }), [view, presence])
    },
    usePending: (): readonly PendingMutation[] =>
      useReadable(useProvided(Context).optimistic.pending),
  }
  return hooks as unknown as RealtimeHooks<C, R>
}

/** The hooks of an application, and the provider that they need above them. */
export interface RealtimeHooks<C extends Untyped, R extends EntitySource = EntitySource> {
  /** Provides a client, and its parts, to the components below. */
  RealtimeProvider(props: RealtimeProviderProps<C, R>): ReactNode
  /** Returns the client of the provider. */
  useClient(): RealtimeClient<C>
  /** Returns the state of the connection, and the time to the next attempt. */
  useConnection(): ConnectionView
  /**
   * Calls a handler, or the one for the event's type, at every event of a channel while the component
   * is mounted. The handlers may be written inline: the newest are called.
   *
   * Without a handler, the provider's registry folds the events; without a registry the channel is
   * only followed. Without a channel nothing happens.
   */
  useChannel<
    const X extends NameBound<C> = NameBound<C>,
    Event extends EventFrame = ShownEvent<C, X>,
  >(channel: ChannelArg<C, X> | undefined, handler?: HandlerArg<C, X, Event>): void
  /** Returns the last event of a channel since the component was mounted. */
  useEvent<const X extends NameBound<C> = NameBound<C>>(
    channel: ChannelArg<C, X> | undefined,
  ): ShownEvent<C, X> | undefined
  /** Returns the state of the requests of a type that the component sends, and the function for it. */
  useRequest<const X extends RequestBound<C> = RequestBound<C>>(
    type: RequestArg<C, X>,
  ): RequestHook<C, X>
  /** Returns an entity of the provider's registry; it does not follow a channel. */
  useEntity<Name extends EntityName<R>>(
    name: Name,
    ...key: EntityKey<R, Name>
  ): EntityValue<R, Name> | undefined
  /** Returns a list in step with the `entity:*` events of a channel, as `bindList` keeps it. */
  useList<Row extends object, const X extends string = string>(
    channel: ChannelArg<C, X>,
    options: ListHookOptions<Rows<C, X, Row>>,
  ): ListHook<Rows<C, X, Row>>
  /**
   * Returns the users who are present at a resource.
   *
   * @param meta makes this page present while the component is mounted; without it the page only
   * watches, until `update` is called. Another meta in a later render is sent as by `update`.
   */
  usePresence<const X extends string>(
    resource: ResourceArg<C, X>,
    meta?: MetaIn<C, X>,
  ): PresenceHook<C, X>
  /** Returns the changes that the server has not answered yet, oldest first. */
  usePending(): readonly PendingMutation[]
}

/** The properties of the provider: the client, and the parts to use in place of those it makes. */
export interface RealtimeProviderProps<
  C extends Untyped = Untyped,
  R extends EntitySource = EntitySource,
> extends RealtimeOptions<C, R> {
  /** The components that use the hooks. */
  readonly children?: ReactNode
}

/**
 * Returns an object that is made anew only when one of the keys has changed. Unlike that of `useMemo`,
 * the object survives a refresh of the component's module.
 */
function useKept<T>(make: () => T, keys: readonly unknown[]): T {
  const [kept, keep] = useState(() => ({ keys, value: make() }))
  if (hasSameMembers(kept.keys, keys)) return kept.value
  const next = { keys, value: make() }
  // React renders the component again at once, before its children.
  keep(next)
  return next.value
}

/** Returns a reference to the value of the newest committed render. */
function useNewest<T>(value: T): { readonly current: T } {
  const newest = useRef(value)
  // Before the effects of any component, which may use it.
  useInsertionEffect(() => {
    newest.current = value
  }, [value])
  return newest
}

/** Returns the value that was shown last where the new one has the same members. */
function useShown<T>(value: T): T {
  const shown = useRef(value)
  const kept = hasSameMembers(shown.current, value) ? shown.current : value
  useEffect(() => {
    shown.current = kept
  }, [kept])
  return kept
}
