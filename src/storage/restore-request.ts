import type { Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { OutgoingRequest, SendOptions } from '../ports/outgoing-request.ts'
import { byAge } from './claim-rules.ts'
import type { StoredRequest } from './outbox-database.ts'
import { outboxErrors } from './outbox-errors.ts'

/** Who stores a request. */
export interface Author {
  readonly owner: string
  readonly userId: string | undefined
  readonly order: number
}

/** A question as it is kept; throws `not-stored` where it is not plain JSON. */
export function storedRequest(
  outgoing: OutgoingRequest,
  { idempotent, ordering, supersede, ttlMs }: SendOptions,
  author: Author,
): StoredRequest {
  const { requestId, timestamp } = outgoing
  const expiresAt = timestamp + ttlMs
  const sentAt = undefined
  const rest = { createdAt: timestamp, expiresAt, sentAt, idempotent, ordering, supersede }
  return { requestId, outgoing: plain(outgoing), ...author, ...rest }
}

/** What is sent now and what is sent later are the same, whatever becomes of the payload meanwhile. */
function plain(outgoing: OutgoingRequest): OutgoingRequest {
  try {
    return JSON.parse(JSON.stringify(outgoing))
  } catch (cause) {
    throw outboxErrors.unstorable(outgoing, cause)
  }
}

/**
 * How a request is asked that somebody has asked before who is gone, or why it is not.
 *
 * @param others what waits here already
 */
export function restored(
  request: StoredRequest,
  others: Iterable<StoredRequest>,
  clock: Clock,
): SendOptions | WirefoldError {
  const { expiresAt, sentAt, idempotent, ordering, supersede } = request
  const now = clock.wall()
  const leftMs = expiresAt - now
  if (leftMs <= 0) return outboxErrors.expired(request)
  const how = { timeoutMs: leftMs, ttlMs: leftMs, volatile: false, idempotent, ordering }
  if (sentAt !== undefined) {
    // A clock that was set back cannot tell how long ago it was: too long.
    const ageMs = sentAt <= now ? now - sentAt : Number.POSITIVE_INFINITY
    return { ...how, supersede: undefined, signal: undefined, sentAt: clock.now() - ageMs }
  }
  if (supersede !== undefined) {
    for (const other of others) {
      if (other.supersede === supersede && byAge(other, request) > 0) {
        return outboxErrors.outdated(request.outgoing)
      }
    }
  }
  return { ...how, supersede, signal: undefined }
}
