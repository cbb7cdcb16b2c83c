import type { WirefoldError } from '../base/errors.ts'
import type {
  OutgoingRequest,
  SendingTime,
  SendOptions,
  Ticket,
} from '../ports/outgoing-request.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import type { AwaitedReply } from './reply-table.ts'

/** A request that is queued, or sent and not answered. */
export interface PendingRequest extends Ticket {
  readonly outgoing: OutgoingRequest
  readonly volatile: boolean
  /** Whether carrying it out twice does no harm. */
  readonly idempotent: boolean
  /** Requests with the same key are sent one after the other. */
  readonly ordering: string | undefined
  /** Of the queued requests with the same key only the newest is kept. */
  readonly supersede: string | undefined
  /** Called before it is sent; see {@link SendOptions.beforeSend}. */
  readonly beforeSend?: SendOptions['beforeSend']
  readonly resolve: (reply: ReplyFrame) => void
  readonly reject: (error: WirefoldError) => void
  /** Handles the loss of the connection, if the request is sent again. */
  readonly interrupted: () => void
  /** Cancels its deadlines and removes its abort listener. */
  readonly release: () => void
  /** Time at which it times out at the latest, by the clock's `now()`. */
  readonly deadline: number
  /** Time at which it was first sent. */
  sentAt: SendingTime | undefined
  /** Whether its `beforeSend` is running. */
  isHeldBack: boolean
  /** The link for which its `beforeSend` has returned true. */
  clearedFor: object | undefined
  /** The reply it waits for; set once it was passed to the link, perhaps not yet sent. */
  awaited: AwaitedReply | undefined
}

/** Numbers of requests that are not settled. */
export interface RequestCounts {
  /** Requests waiting to be sent. */
  readonly queued: number
  /** Requests sent and waiting for their reply. */
  readonly sent: number
}

/** Returns the reply of a request that the server does not answer. */
export function localReply({ requestId }: { readonly requestId: string }): ReplyFrame {
  return { kind: 'reply', to: [requestId], payload: undefined, at: undefined }
}
