import { WirefoldError } from '../base/errors.ts'
import type { Ticket } from '../connection/sender.ts'
import type { OutgoingRequest, SendOptions } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { AwaitedReply } from './reply-table.ts'

/** A question on its way: waiting to be sent, or for its answer. */
export interface PendingRequest extends Ticket {
  readonly outgoing: OutgoingRequest
  readonly volatile: boolean
  /** Whether carrying it out twice does no harm. */
  readonly idempotent: boolean
  /** Those of one lane are sent one after the other. */
  readonly ordering: string | undefined
  /** Of those of one topic that wait only the newest is kept. */
  readonly topic: string | undefined
  /** Asked before it leaves; see {@link SendOptions.beforeSend}. */
  readonly beforeSend: SendOptions['beforeSend']
  readonly resolve: (reply: ReplyFrame) => void
  readonly reject: (error: WirefoldError) => void
  /** Ends its deadlines and lets go of its signal. */
  readonly release: () => void
  /** When it first really left, by the clock's `now()`. */
  sentAt: number | undefined
  /** Whether its gate is being asked. */
  isHeldBack: boolean
  /** The line for which its gate is open. */
  clearedFor: object | undefined
  /** Present once it was said, though perhaps not sent. */
  awaited: AwaitedReply | undefined
}

/** How many requests are on their way. */
export interface RequestCounts {
  /** Waiting to be sent. */
  readonly queued: number
  /** Sent, and waiting for their answer. */
  readonly sent: number
}

/** The answer to a question that goes without one. */
export function localReply({ requestId }: { readonly requestId: string }): ReplyFrame {
  return { kind: 'reply', to: [requestId], payload: undefined, at: undefined }
}

/** Why a question was given up: each says whether it may have been carried out. */
export const requestErrors = {
  aborted: (outgoing: OutgoingRequest, signal: AbortSignal | undefined) =>
    new WirefoldError(
      'aborted',
      `${nameOf(outgoing)} was aborted by its signal.`,
      { requestId: outgoing.requestId },
      { cause: signal?.reason },
    ),
  badPayload: (outgoing: OutgoingRequest, cause: unknown) =>
    new WirefoldError(
      'bad-payload',
      `${nameOf(outgoing)} cannot be put into words. Give it a payload of plain JSON.`,
      { requestId: outgoing.requestId },
      { cause },
    ),
  disconnected: (outgoing: OutgoingRequest, sent: boolean) =>
    new WirefoldError(
      'disconnected',
      sent
        ? `The connection was lost before ${nameOf(outgoing)} was answered; it may have been carried out.`
        : `There is no connection, and ${nameOf(outgoing)} does not wait for one.`,
      { requestId: outgoing.requestId, sent },
    ),
  outcomeUnknown: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'outcome-unknown',
      `${nameOf(outgoing)} was sent and cut off, and the server does not remember that far back; it may have been carried out.`,
      { requestId: outgoing.requestId },
    ),
  outboxFull: (outgoing: OutgoingRequest, limit: number) =>
    new WirefoldError(
      'outbox-full',
      `${nameOf(outgoing)} was not sent: more than ${limit} requests wait for the connection.`,
      { requestId: outgoing.requestId, limit },
    ),
  superseded: (outgoing: OutgoingRequest) =>
    new WirefoldError(
      'superseded',
      `${nameOf(outgoing)} was not sent: a newer one took its place.`,
      { requestId: outgoing.requestId },
    ),
  timedOut: (outgoing: OutgoingRequest, timeoutMs: number, sent: boolean) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(outgoing)} timed out: ${sent ? 'no answer came' : 'it could not be sent'} in ${timeoutMs} ms.`,
      { requestId: outgoing.requestId, timeoutMs, sent },
    ),
  unsupported: (outgoing: OutgoingRequest, dialect: string) =>
    new WirefoldError(
      'unsupported',
      `The dialect ${dialect} has no word for ${nameOf(outgoing)}; this backend takes no such thing.`,
      { dialect, what: nameOf(outgoing) },
    ),
}
