import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import type { ClientPort } from '../ports/client-port.ts'
import type { RequestOptions } from '../ports/outgoing-request.ts'
import type { Fields } from '../protocol/fields.ts'
import type { Reply } from '../protocol/frame.ts'
import type { OptimisticTarget } from './state-source.ts'

/** What a manager needs of a client; a `RealtimeClient` is one. */
export interface OptimisticClient {
  /** Where time comes from, and where errors go. */
  readonly port: Pick<ClientPort, 'clock' | 'report'>
  /** Who we are to the server. */
  readonly userId: string | undefined
  /** A new id for an event of ours. */
  eventId(): string
  /** Asks, and tells where the events stand that this brought about. */
  requestWithPosition<Payload>(
    type: string,
    payload?: unknown,
    options?: RequestOptions,
  ): Promise<Reply<Payload>>
}

/** What a request knows of the mutation it is made for. */
export interface MutationContext {
  /**
   * The id of the event it brings about: {@link ask} tells it to the server; to another backend it is
   * to be sent as `clientId`, where that takes it and hands it on with the event.
   */
  readonly id: string
  /**
   * As the client's `request`, and has what is shown stay until the event is there. Rejects with a
   * `TypeError` where the manager has no client.
   */
  ask<Payload = unknown>(
    type: string,
    payload?: unknown,
    options?: Omit<RequestOptions, 'id'>,
  ): Promise<Payload>
}

/** How entities are changed on the server; each resolves with the entity as it is then. */
export interface EntityApi {
  /** Creates one. */
  create(entity: string, data: unknown, context: MutationContext): Promise<unknown>
  /** Changes some fields of one. */
  update(entity: string, id: string, changes: unknown, context: MutationContext): Promise<unknown>
  /** Deletes one; what it resolves with is not looked at. */
  delete(entity: string, id: string, context: MutationContext): Promise<unknown>
}

/** What an {@link OptimisticManager} is made of; each may be left out. */
export interface OptimisticOptions {
  /** Where {@link MutationContext.ask} asks. */
  readonly client?: OptimisticClient | undefined
  /** Knows when the event of a mutation on a registry's slot has come. */
  readonly channels?: ChannelSubscriber | undefined
  /** What `create`, `update` and `delete` call. */
  readonly api?: EntityApi | undefined
  /**
   * What is shown of a row that was changed here and, since then, on the server: given the row as it
   * was confirmed when the change was made, with the change, and as the server has it now.
   * @default the server's row with the fields of the change
   */
  readonly resolve?:
    | ((base: Fields, pending: Fields, incoming: Fields, entity: string) => Fields)
    | undefined
  /**
   * How long a new row by our own user is held back while exactly one is being created and the event
   * does not tell whose it is, in milliseconds; 0 for not at all.
   * @default 2_000
   */
  readonly holdOwnBroadcastMs?: number | undefined
}

/** What holds where nothing is said. */
export const optimisticDefaults = { holdOwnBroadcastMs: 2_000 } as const

/** A mutation that was not answered yet. */
export interface PendingMutation {
  /** The id of the event it brings about. */
  readonly id: string
  /** What is to be done, as `mutate` was told; of the others `{kind, entity, id?, data?}`. */
  readonly intent: unknown
}

/** How a mutation is shown and made. */
export interface MutateOptions<T, Intent, Result> {
  /** What it is shown on. */
  readonly on: OptimisticTarget<T>
  /** What it makes of a state, and must leave that as it is; called again whenever the state moves. */
  readonly apply: (state: T, intent: Intent) => T
  /** Has it carried out. */
  readonly request: (intent: Intent, context: MutationContext) => Promise<Result>
  /**
   * What it makes of a state once it was answered.
   * @default apply
   */
  readonly confirm?: ((state: T, result: Result) => T) | undefined
}

/** A row that is shown before the server has confirmed it says so. */
export type Optimistic<Row> = Row & { readonly _optimistic?: true }
