import type { WirefoldError } from '../base/errors.ts'
import type { OutgoingRequest, SendOptions, Ticket } from '../ports/outgoing-request.ts'
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
