import type { Claim, Mark, StoredRequest } from './outbox-database.ts'

/**
 * Selects the stored requests that a client takes over: those whose owner's lease has ended.
 *
 * @param all every request in the database
 * @param leases end of each owner's lease; a missing lease has ended
 */
export function claimed(
  all: readonly StoredRequest[],
  leases: ReadonlyMap<string, number>,
  { owner, userId, now, limit }: Claim,
): Claimed {
  const free = all.filter(
    (request) => request.owner !== owner && (leases.get(request.owner) ?? 0) <= now,
  )
  const claimable = free.filter((request) => isFor(request, userId)).sort(byAge)
  return {
    requests: claimable.slice(0, limit).map((request) => ({ ...request, owner })),
    stale: free.filter((request) => request.expiresAt <= now && !claimable.includes(request)),
  }
}

/** The result of a claim. */
export interface Claimed {
  /** Requests that the claiming client owns now, oldest first. */
  readonly requests: readonly StoredRequest[]
  /** Expired requests of other users: deleted without a report, since their clients have ended. */
  readonly stale: readonly StoredRequest[]
}

/** Returns the request marked as sent; `undefined` if the owner may not send it any more. */
export function marked(
  request: StoredRequest,
  { owner, userId, sentAt, serverSentAt }: Mark,
): StoredRequest | undefined {
  const { requestId } = request
  if (request.owner !== owner || !isFor(request, userId)) return undefined
  const times = { sentAt: sentAt.get(requestId), serverSentAt: serverSentAt?.get(requestId) }
  return { ...request, userId, ...times }
}

/** Compares requests by the time they were made, for `sort`. */
export function byAge(one: StoredRequest, other: StoredRequest): number {
  return one.createdAt - other.createdAt || one.order - other.order
}

/**
 * Whether a request may be sent as this user. A request without a user is sent as the first user to
 * sign in, unless it may already have been sent: servers deduplicate requests per user.
 */
function isFor(request: StoredRequest, userId: string | undefined): boolean {
  return request.userId === userId || (request.userId === undefined && request.sentAt === undefined)
}
