import type { SendingTime } from '../ports/outgoing-request.ts'
import type { PendingRequest } from './pending-request.ts'

/**
 * Decides whether a request is sent: `now`; after its `beforeSend` was called; later (`wait`); or
 * never, since it is unknown whether the server carried it out (`lost`).
 *
 * Requests that were sent before, and those with a `beforeSend`, wait for the welcome.
 */
export function sendDecision(
  { sentAt, idempotent, beforeSend, isHeldBack, clearedFor }: PendingRequest,
  { link, known, isForgotten }: SendConditions,
): 'now' | 'ask-before-send' | 'wait' | 'lost' {
  if (sentAt !== undefined && !known) return 'wait'
  if (sentAt !== undefined && !idempotent && isForgotten(sentAt)) return 'lost'
  if (!beforeSend || clearedFor === link) return 'now'
  return known && !isHeldBack ? 'ask-before-send' : 'wait'
}

/** The conditions under which a request would be sent. */
export interface SendConditions {
  /** The link a request would be sent on. */
  readonly link: object | undefined
  /** Whether the server has welcomed us on this link. */
  readonly known: boolean
  /** Whether the server may have forgotten its reply to a request sent then. */
  isForgotten(sentAt: SendingTime): boolean
}
