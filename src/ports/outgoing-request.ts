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
