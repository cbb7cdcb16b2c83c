import type { PublishIntent, RequestIntent } from '../protocol/intent.ts'

/** Something that wants an answer and gets exactly one. */
export type OutgoingRequest = RequestIntent | PublishIntent

/** How a question is asked. */
export interface SendOptions {
  /** How long its answer may take, in milliseconds, the time it waits to be sent included. */
  readonly timeoutMs: number
  /** How long it may wait to be sent, in milliseconds. */
  readonly ttlMs: number
  /** Whether it is given up rather than wait for a connection. */
  readonly volatile: boolean
  /** Whether carrying it out twice does no harm. */
  readonly idempotent: boolean
  /** Those with the same key are sent one after the other. */
  readonly ordering: string | undefined
  /** Of those with the same key that wait to be sent only the newest is kept. */
  readonly supersede: string | undefined
  readonly signal: AbortSignal | undefined
  /** When it first left, by the clock's `now()`, where that was before it was asked here. */
  readonly sentAt?: number | undefined
  /**
   * Asked before it leaves, on each connection anew, once the server knows us; where there is one,
   * nothing leaves without its word. While it does not settle the question waits.
   *
   * @param first whether it has never left before
   */
  readonly beforeSend?: ((first: boolean) => Promise<boolean>) | undefined
}

/** What a question is called in messages to people. */
export function nameOf(request: OutgoingRequest): string {
  return request.kind === 'request'
    ? `the request ${request.type}`
    : `the publish on ${request.channel}`
}

/** What goes with a message that somebody wants to hear of, or to take back. */
export interface Ticket {
  /** Called when it really leaves. */
  readonly left: () => void
  /** True where it was taken back: it does not leave. */
  cancelled: boolean
}

/** How a request is made. */
export interface RequestOptions {
  /** Gives up the wait; a request that has left may still be carried out. */
  readonly signal?: AbortSignal | undefined
  /**
   * How long the answer may take, in milliseconds; waiting for the connection counts. A stored request
   * goes on without its promise.
   * @default the client's `requestTimeoutMs`
   */
  readonly timeoutMs?: number | undefined
  /**
   * How long it may wait for the connection, in milliseconds, where that is shorter, or the request is
   * stored.
   * @default the client's `outbox.ttlMs`
   */
  readonly ttlMs?: number | undefined
  /**
   * Rejects with `disconnected` rather than wait for the connection: for what is worthless later. It is
   * never stored.
   * @default false
   */
  readonly volatile?: boolean | undefined
  /**
   * Has it sent again after a loss of the connection, also where the server does not see to it that it
   * is carried out only once.
   * @default false
   */
  readonly idempotent?: boolean | undefined
  /** Requests with the same key are sent one after the other, each once the one before has settled. */
  readonly ordering?: string | undefined
  /**
   * Of the requests with the same key that wait to be sent only the newest is kept; the others reject
   * with `superseded`.
   */
  readonly supersede?: string | undefined
  /** The channel the request is about, for backends that want it said. */
  readonly channel?: string | undefined
  /**
   * The id for the event it brings about, made by {@link RealtimeClient.eventId}: what the server
   * publishes for the request carries it, where the backend does that, and {@link RealtimeClient.isOwn}
   * knows it.
   */
  readonly id?: string | undefined
}
