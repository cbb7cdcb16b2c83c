import type { Claim, Mark, StoredRequest } from './outbox-database.ts'

/** What a claim comes to. */
export interface Claimed {
  /** What is the claimer's now, the oldest first. */
  readonly requests: readonly StoredRequest[]
  /** What belongs to other users and is past its time: nobody is left to be told. */
  readonly stale: readonly StoredRequest[]
}

/**
 * Decides who sends what, of all that is kept: what somebody else was to send who was not heard of.
 *
 * @param leases when the owners' leases end; one that is not there is over
 */
export function claimed(
  all: readonly StoredRequest[],
  leases: ReadonlyMap<string, number>,
  { owner, userId, now, limit }: Claim,
): Claimed {
  const free = all.filter(
    (request) => request.owner !== owner && (leases.get(request.owner) ?? 0) <= now,
  )
  const ours = free.filter((request) => isFor(request, userId)).sort(byAge)
  return {
    requests: ours.slice(0, limit).map((request) => ({ ...request, owner })),
    stale: free.filter((request) => request.expiresAt <= now && !ours.includes(request)),
  }
}

/** A request as it is when it leaves; `undefined` where it is not its owner's to send any more. */
export function marked(
  request: StoredRequest,
  { owner, userId, sentAt }: Mark,
): StoredRequest | undefined {
  if (request.owner !== owner || !isFor(request, userId)) return undefined
  return { ...request, userId, sentAt: sentAt.get(request.requestId) }
}

/** In the order in which they were asked. */
export function byAge(one: StoredRequest, other: StoredRequest): number {
  return one.createdAt - other.createdAt || one.order - other.order
}

/**
 * Whether a request may be sent in a user's name. Nobody's is sent for whoever comes first; once it may
 * have left it stays nobody's, since a server tells repeats by their user.
 */
function isFor(request: StoredRequest, userId: string | undefined): boolean {
  return request.userId === userId || (request.userId === undefined && request.sentAt === undefined)
}
