import type { Channels, Untyped } from '../../contract/contract-types.ts'
import type { EventOf } from '../../contract/event-types.ts'
import type { MetaIn, MetaOut } from '../../contract/presence-types.ts'
import type { Answer, RequestArgs } from '../../contract/request-types.ts'
import type { RequestOptions } from '../../ports/outgoing-request.ts'
import type { EventFrame } from '../../protocol/frame.ts'
import type { PresenceUser } from '../../protocol/presence.ts'
import type { ListActions, ListView } from './list-binding.ts'
import type { RequestView } from './request-binding.ts'

/** The event that a component shows: by the contract, else with the payload that the caller names. */
export type ShownEvent<C extends Untyped, X> =
  unknown extends Channels<C> ? EventFrame<string, X> : EventOf<C, X & string>

/** Sends the requests of one type. */
export interface RequestActions<C extends Untyped, X> {
  /**
   * Sends a request, as `request` of the client does. It is aborted with the component. An unused
   * result causes no unhandled rejection: `error` shows it.
   */
  send(...args: RequestArgs<C, X, RequestOptions>): Promise<Answer<C, X>>
}

/** The requests of one type that a component sends, and their state. */
export interface RequestHook<C extends Untyped, X>
  extends RequestView<Answer<C, X>>,
    RequestActions<C, X> {}

/** A list that a component shows, and its changes. */
export interface ListHook<Row extends object> extends ListView<Row>, ListActions<Row> {}

/** The presence at a resource. */
export interface PresenceHookView<C extends Untyped, X> {
  /** The meta that this page is present with; `undefined` while it only watches. */
  readonly me: MetaIn<C, X> | undefined
  /** The other users, in the order in which they joined. */
  readonly others: readonly ShownUser<MetaOut<C, X>>[]
}

/** A present user with a meta of a known type. */
export interface ShownUser<Meta> extends PresenceUser {
  readonly meta?: Meta
}

/** Changes the presence of this page. */
export interface PresenceActions<C extends Untyped, X> {
  /** Sets the meta of this page; the first one makes it present. */
  update(meta: MetaIn<C, X>): void
}

/** The presence at a resource, and its changes. */
export interface PresenceHook<C extends Untyped, X>
  extends PresenceHookView<C, X>,
    PresenceActions<C, X> {}
