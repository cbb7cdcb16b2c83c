import type { Subscriber } from '../channels/subscriber.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { RequestBound } from '../contract/name-types.ts'
import type { Answer, RequestArg, RequestArgs } from '../contract/request-types.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { RequestOptions } from '../ports/outgoing-request.ts'
import type { Fields } from '../protocol/fields.ts'
import type { Reply } from '../protocol/frame.ts'
import type { OptimisticTarget } from './state-source.ts'

/** Options of an {@link OptimisticManager}; each may be left out. */
export interface OptimisticOptions<C extends Untyped = Untyped> {
  /** The client that {@link MutationContext.request} sends requests with. */
  readonly client?: OptimisticClient<C> | undefined
  /** The subscriber that shows when the events of a mutation on a registry's slot have arrived. */
  readonly channels?: Subscriber | undefined
  /** The requests that `create`, `update` and `delete` send. */
  readonly api?: EntityApi<C> | undefined
  /**
   * Merges a row that changed both here and on the server: given the confirmed row when the change
   * was made, that row with the change, and the server's present row.
   * @default the server's row with the fields of the change
   */
  readonly resolve?:
    | ((base: Fields, pending: Fields, incoming: Fields, entity: string) => Fields)
    | undefined
  /**
   * Time for which a new row by the client's own user is hidden while exactly one row is being
   * created and the event has no id to match, in milliseconds; 0 for never.
   * @default 2_000
   */
  readonly holdOwnBroadcastMs?: number | undefined
}

/** The part of a client that a manager uses; a `RealtimeClient` has it. */
export interface OptimisticClient<C extends Untyped = Untyped> {
  /** Carries the type of the client's contract; never set at run time. */
  readonly contract?: C | undefined
  /** The client's clock, the receiver of its errors, and the mutations of its stored outbox. */
  readonly port: Pick<ClientPort, 'clock' | 'report' | 'restored'>
  /** The client's user id, by the server's last welcome. */
  readonly userId: string | undefined
  /** The text that the server puts before the ids of the client's events. */
  readonly eventTag?: string | undefined
  /** Returns a new id for an event of this client. */
  eventId(): string
  /** Sends a request; its reply carries the positions of the events it caused. */
  requestWithPosition(
    type: string,
    payload?: unknown,
    options?: RequestOptions,
  ): Promise<Reply<unknown>>
}

/** The context of a mutation's request. */
export interface MutationContext<C extends Untyped = Untyped> {
  /**
   * The id of the event that the mutation causes. {@link request} sends it to the server; for another
   * backend send it as `clientId`, if the backend includes it in the event.
   */
  readonly id: string
  /**
   * Sends a request as the client's `request` does, and keeps the mutation shown until its events
   * have arrived. Rejects with `bad-option` where the manager has no client.
   *
   * The request waits for the connection until its `ttlMs` has passed; `timeoutMs` counts from its
   * sending. A stored outbox keeps `create`, `update` and `delete` on a bound list with it, up to
   * 65,536 characters of JSON, so that the next page shows them again.
   */
  request<const X extends RequestBound<C> = RequestBound<C>>(
    type: RequestArg<C, X>,
    ...args: RequestArgs<C, X, Omit<RequestOptions, 'id' | 'mutation'>>
  ): Promise<Answer<C, X>>
}

/** Requests that change entities on the server; each resolves with the entity after the change. */
export interface EntityApi<C extends Untyped = Untyped> {
  /** Creates an entity. */
  create(entity: string, data: unknown, context: MutationContext<C>): Promise<unknown>
  /** Changes some fields of an entity. */
  update(
    entity: string,
    id: string,
    changes: unknown,
    context: MutationContext<C>,
  ): Promise<unknown>
  /** Deletes an entity; the result is ignored. */
  delete(entity: string, id: string, context: MutationContext<C>): Promise<unknown>
}

/** Default values of {@link OptimisticOptions}. */
export const optimisticDefaults = { holdOwnBroadcastMs: 2_000 } as const

/** A mutation that is not answered yet. */
export interface PendingMutation {
  /** The id of the event that it causes. */
  readonly id: string
  /** The intent given to `mutate`; for the other methods `{kind, entity, id?, data?}`. */
  readonly intent: unknown
}

/** Options of a mutation. */
export interface MutateOptions<T, Intent, Result, C extends Untyped = Untyped> {
  /** The state it is shown on. */
  readonly on: OptimisticTarget<T>
  /**
   * Returns the state after the intent, and must not mutate its argument; called again whenever the
   * confirmed state changes.
   */
  readonly apply: (state: T, intent: Intent) => T
  /** Sends the request. */
  readonly request: (intent: Intent, context: MutationContext<C>) => Promise<Result>
  /**
   * Returns the state after the reply.
   * @default apply
   */
  readonly confirm?: ((state: T, result: Result) => T) | undefined
}

/** A row that carries `_optimistic` while the server has not confirmed it. */
export type Optimistic<Row> = Row & { readonly _optimistic?: true }
