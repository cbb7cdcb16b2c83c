import type { Intent, PublishIntent, RequestIntent } from '../protocol/intent.ts'

/** A request or a publish that gets exactly one reply. */
export type OutgoingRequest = RequestIntent | PublishIntent

/** Options of sending a request. */
export interface SendOptions {
  /** Time limit of the reply, in milliseconds, including the wait to be sent. */
  readonly timeoutMs: number
  /** Time limit of the wait to be sent, in milliseconds. */
  readonly ttlMs: number
  /** Whether it is rejected instead of waiting for a connection. */
  readonly volatile: boolean
  /** Whether carrying it out twice does no harm. */
  readonly idempotent: boolean
  /** Requests with the same key are sent one after the other. */
  readonly ordering: string | undefined
  /** Of the requests with the same key that wait to be sent, only the newest is kept. */
  readonly supersede: string | undefined
  /** Aborts the request. */
  readonly signal: AbortSignal | undefined
  /** Mutation that the request carries out; see {@link RequestOptions.mutation}. */
  readonly mutation?: StorableMutation | true | undefined
  /** Time of its first sending, if that was before this call. */
  readonly sentAt?: SendingTime | undefined
  /**
   * Called before the request is sent, on each connection anew, once the server has welcomed the
   * client. The request waits until it settles, and is sent only if it resolves to true.
   *
   * @param first whether the request has never been sent before
   */
  readonly beforeSend?: ((first: boolean) => Promise<boolean>) | undefined
}

/** A mutation that is stored with its request, so that it can be shown again after a reload. */
export interface StorableMutation {
  /** The channel of the state that it is shown on. */
  readonly channel: string
  /** The change, in plain JSON. */
  readonly intent: EntityIntent
}

/** A change of one entity. */
export type EntityIntent =
  | { readonly kind: 'create'; readonly entity: string; readonly data: unknown }
  | {
      readonly kind: 'update'
      readonly entity: string
      readonly id: string
      /** The changed fields. */
      readonly data: unknown
    }
  | { readonly kind: 'delete'; readonly entity: string; readonly id: string }

/** The moment at which a request was first sent, by several clocks, in milliseconds. */
export interface SendingTime {
  /** Milliseconds by the clock's `now()`. */
  readonly now: number
  /** Milliseconds by a clock that goes on while the machine sleeps. */
  readonly elapsed: number
  /** Milliseconds since the Unix epoch by the server's clock; `undefined` if the server has not sent its time. */
  readonly server: number | undefined
}

/** Returns the name of an intent in messages for people. */
export function nameOf(intent: Intent): string {
  if ('channels' in intent) return `${intent.kind} ${intent.channels}`
  switch (intent.kind) {
    case 'request':
      return `the request ${intent.type}`
    case 'publish':
      return `the publish on ${intent.channel}`
    case 'presence':
      return `presence in ${intent.resource}`
    default:
      return intent.kind
  }
}

/** Options of a request. */
export interface RequestOptions {
  /** Ends the wait; a request that was already sent may still be carried out. */
  readonly signal?: AbortSignal | undefined
  /**
   * Time limit of the reply, in milliseconds, including the wait for the connection. A stored
   * request goes on without its promise.
   * @default the client's `requestTimeoutMs`
   */
  readonly timeoutMs?: number | undefined
  /**
   * Time limit of the wait for the connection, in milliseconds, if it is shorter than `timeoutMs`,
   * or the request is stored.
   * @default the client's `outbox.ttlMs`
   */
  readonly ttlMs?: number | undefined
  /**
   * Rejects with `disconnected` instead of waiting for the connection: for requests that are
   * worthless later. Such a request is never stored.
   * @default false
   */
  readonly volatile?: boolean | undefined
  /**
   * Sends the request again after the connection was lost, even if the server does not deduplicate
   * requests.
   * @default false
   */
  readonly idempotent?: boolean | undefined
  /**
   * Requests with the same key are sent one after the other, each once the previous one has
   * settled.
   */
  readonly ordering?: string | undefined
  /**
   * Of the requests with the same key that wait to be sent, only the newest is kept; the others
   * reject with `superseded`.
   */
  readonly supersede?: string | undefined
  /** Channel that the request is about, for backends that need it. */
  readonly channel?: string | undefined
  /**
   * Id for the event that the request causes, made by {@link RealtimeClient.eventId}: the event of
   * the server carries it, if the backend supports that, and {@link RealtimeClient.isOwn}
   * recognises it.
   */
  readonly id?: string | undefined
  /**
   * The mutation that the request carries out; `true` if it cannot be stored. Set by
   * `OptimisticManager`.
   *
   * Such a request waits for the connection until its `ttlMs` has passed; its `timeoutMs` limits
   * the time from its sending to the reply, or to the loss of the connection. A stored one waits for
   * its reply until its `ttlMs` has passed.
   */
  readonly mutation?: StorableMutation | true | undefined
}
