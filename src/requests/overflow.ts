import type { ResolvedOutboxOptions } from './outbox-options.ts'
import type { PendingRequest } from './pending-request.ts'

/** Whether a request waits for a link to be sent on. */
export function isQueued({ awaited, isHeldBack, sentAt }: PendingRequest): boolean {
  return !awaited && !isHeldBack && sentAt === undefined
}

/**
 * Returns the request to reject when a new one exceeds the limit of the outbox.
 *
 * @param all all pending requests, the oldest first
 * @returns `undefined` if there is room
 */
export function overflowing(
  all: Iterable<PendingRequest>,
  newest: PendingRequest,
  { limit, overflow }: ResolvedOutboxOptions,
): PendingRequest | undefined {
  const queued = [...all].filter(isQueued)
  if (queued.length <= limit) return undefined
  const victim =
    overflow === 'drop-oldest' ? queued[0] : overflow === 'drop-newest' ? queued.at(-2) : newest
  // With a limit of 0 there is no older request.
  return victim ?? newest
}
