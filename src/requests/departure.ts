import type { PendingRequest } from './pending-request.ts'

/** What there is to leave by. */
export interface SendConditions {
  readonly link: object | undefined
  /** Whether the server knows us on this line. */
  readonly known: boolean
  /** The server has forgotten what left no later than this. */
  readonly forgottenUntil: number
}

/**
 * Decides whether a question may leave: `now`; after its `gate` was asked; once something has changed
 * (`wait`); or never, since nobody can tell whether it was carried out (`lost`).
 *
 * What has left before, and what has a gate, waits until the server knows us.
 */
export function sendDecision(
  { sentAt, idempotent, beforeSend, isHeldBack, clearedFor }: PendingRequest,
  { link, known, forgottenUntil }: SendConditions,
): 'now' | 'ask-before-send' | 'wait' | 'lost' {
  if (sentAt !== undefined && !known) return 'wait'
  if (sentAt !== undefined && !idempotent && sentAt <= forgottenUntil) return 'lost'
  if (!beforeSend || clearedFor === link) return 'now'
  return known && !isHeldBack ? 'ask-before-send' : 'wait'
}
