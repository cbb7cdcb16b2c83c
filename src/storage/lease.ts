import type { Claim, Mark, StoredRequest } from './outbox-database.ts'

/** What a claim comes to. */
export interface Claimed {
  /** What is leased now, the oldest first. */
  readonly leased: readonly StoredRequest[]
  /** What belongs to others and is past its time: nobody is left to be told. */
  readonly stale: readonly StoredRequest[]
}

/** Decides who is leased what, of all that is kept: what somebody else sent who was not heard of. */
export function claimed(all: readonly StoredRequest[], claim: Claim): Claimed {
  const { owner, userId, now, leaseUntil, limit } = claim
  const free = all.filter((request) => request.leaseUntil <= now && request.owner !== owner)
  const ours = free.filter((request) => isFor(request, userId)).sort(byAge)
  return {
    leased: ours.slice(0, limit).map((request) => ({ ...request, owner, leaseUntil })),
    stale: free.filter((request) => request.expiresAt <= now && !ours.includes(request)),
  }
}

/** A request as it is when it leaves; `undefined` where it is not its owner's to send any more. */
export function marked(
  request: StoredRequest,
  { owner, userId, leaseUntil, sentAt }: Mark,
): StoredRequest | undefined {
  if (request.owner !== owner || !isFor(request, userId)) return undefined
  return { ...request, userId, leaseUntil, sentAt: sentAt.get(request.requestId) }
}

/** A request with another end of its lease; `undefined` where that is not this owner's. */
export function renewed(
  request: StoredRequest,
  owner: string,
  leaseUntil: number,
): StoredRequest | undefined {
  return request.owner === owner ? { ...request, leaseUntil } : undefined
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
