import type { ResolvedOutboxOptions } from './outbox-options.ts'
import type { PendingRequest } from './pending-request.ts'

/** Whether a question waits for a line to be sent on. */
export function isQueued({ awaited, isHeldBack, sentAt }: PendingRequest): boolean {
  return !awaited && !isHeldBack && sentAt === undefined
}

/**
 * Who gives way to a question that has just begun to wait.
 *
 * @param all everything asked, the oldest first
 * @returns `undefined` where there is room
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
  // Where nothing may wait at all there is no older one to give way.
  return victim ?? newest
}
