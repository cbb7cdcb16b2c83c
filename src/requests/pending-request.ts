import { WirefoldError } from '../base/errors.ts'
import type { Ticket } from '../connection/sender.ts'
import type { AskOptions, Question } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { Expectation } from './reply-table.ts'

/** A question on its way: waiting to be sent, or for its answer. */
export interface Asked extends Ticket {
  readonly question: Question
  readonly volatile: boolean
  /** Whether carrying it out twice does no harm. */
  readonly idempotent: boolean
  /** Those of one lane are sent one after the other. */
  readonly lane: string | undefined
  /** Of those of one topic that wait only the newest is kept. */
  readonly topic: string | undefined
  /** Asked before it leaves; see {@link AskOptions.gate}. */
  readonly gate: AskOptions['gate']
  readonly resolve: (reply: ReplyFrame) => void
  readonly reject: (error: WirefoldError) => void
  /** Ends its deadlines and lets go of its signal. */
  readonly release: () => void
  /** When it first really left, by the clock's `now()`. */
  sentAt: number | undefined
  /** Whether its gate is being asked. */
  atGate: boolean
  /** The line for which its gate is open. */
  clearedFor: object | undefined
  /** Present once it was said, though perhaps not sent. */
  expectation: Expectation | undefined
}

/** How many requests are on their way. */
export interface Pending {
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
export const reasons = {
  aborted: (question: Question, signal: AbortSignal | undefined) =>
    new WirefoldError(
      'aborted',
      `${nameOf(question)} was aborted by its signal.`,
      { requestId: question.requestId },
      { cause: signal?.reason },
    ),
  badPayload: (question: Question, cause: unknown) =>
    new WirefoldError(
      'bad-payload',
      `${nameOf(question)} cannot be put into words. Give it a payload of plain JSON.`,
      { requestId: question.requestId },
      { cause },
    ),
  disconnected: (question: Question, sent: boolean) =>
    new WirefoldError(
      'disconnected',
      sent
        ? `The connection was lost before ${nameOf(question)} was answered; it may have been carried out.`
        : `There is no connection, and ${nameOf(question)} does not wait for one.`,
      { requestId: question.requestId, sent },
    ),
  outcomeUnknown: (question: Question) =>
    new WirefoldError(
      'outcome-unknown',
      `${nameOf(question)} was sent and cut off, and the server does not remember that far back; it may have been carried out.`,
      { requestId: question.requestId },
    ),
  outboxFull: (question: Question, limit: number) =>
    new WirefoldError(
      'outbox-full',
      `${nameOf(question)} was not sent: more than ${limit} requests wait for the connection.`,
      { requestId: question.requestId, limit },
    ),
  superseded: (question: Question) =>
    new WirefoldError(
      'superseded',
      `${nameOf(question)} was not sent: a newer one took its place.`,
      { requestId: question.requestId },
    ),
  timedOut: (question: Question, timeoutMs: number, sent: boolean) =>
    new WirefoldError(
      'request-timeout',
      `${nameOf(question)} timed out: ${sent ? 'no answer came' : 'it could not be sent'} in ${timeoutMs} ms.`,
      { requestId: question.requestId, timeoutMs, sent },
    ),
  unsupported: (question: Question, dialect: string) =>
    new WirefoldError(
      'unsupported',
      `The dialect ${dialect} has no word for ${nameOf(question)}; this backend takes no such thing.`,
      { dialect, what: nameOf(question) },
    ),
}
