import type { OutboxIdentity } from '../wire/outbox.ts'
import type { Question } from '../wire/question.ts'

/**
 * What keeps requests, for all tabs that share it.
 *
 * Every call is one transaction, and those of one client are carried out in the order in which they
 * are made. A call rejects where nothing of it was done. Times are wall clocks, in milliseconds since
 * the Unix epoch: they outlive the process.
 */
export interface OutboxDatabase {
  /**
   * Tells who the requests are sent as.
   *
   * @param senderId what to keep where nothing is kept yet
   */
  identify(senderId: string): Promise<OutboxIdentity>
  /** Keeps who is signed in. */
  remember(userId: string | undefined): Promise<void>
  /** Adds a request, or replaces the one of its id. */
  put(request: StoredRequest): Promise<void>
  /**
   * Leases what {@link isClaimable} says, the oldest first, and takes out what belongs to others and is
   * past its time.
   *
   * @returns what is leased now, as it is kept, the oldest first
   */
  claim(claim: Claim): Promise<readonly StoredRequest[]>
  /**
   * Notes when requests leave, and in whose name, where {@link isMarkable} says that they may.
   *
   * @returns the ids of those that it noted
   */
  mark(mark: Mark): Promise<readonly string[]>
  /**
   * Moves the end of the leases of these requests, as far as they are this owner's.
   *
   * @returns the ids of those that are
   */
  renew(
    owner: string,
    requestIds: readonly string[],
    leaseUntil: number,
  ): Promise<readonly string[]>
  /** Takes a request out; one that is not there is none the worse. */
  delete(requestId: string): Promise<void>
}

/** A request as it is kept. */
export interface StoredRequest {
  readonly requestId: string
  /** What is asked, in plain JSON. */
  readonly question: Question
  /** In whose name; nobody's where nobody was known to be signed in. */
  readonly userId: string | undefined
  readonly createdAt: number
  /** Counts what its client asked, for the order of what was asked in the same millisecond. */
  readonly order: number
  /** From then on it is not sent any more. */
  readonly expiresAt: number
  /** When it first left, if it may have. */
  readonly sentAt: number | undefined
  readonly idempotent: boolean
  readonly ordering: string | undefined
  readonly supersede: string | undefined
  /** The client that sends it, and until when nobody else does. */
  readonly owner: string
  readonly leaseUntil: number
}

/** Who wants to send what nobody else does. */
export interface Claim {
  readonly owner: string
  readonly userId: string | undefined
  readonly now: number
  readonly leaseUntil: number
  /** How many at the most. */
  readonly limit: number
}

/** What is about to leave. */
export interface Mark {
  readonly owner: string
  readonly userId: string | undefined
  readonly leaseUntil: number
  /** When each first left, by request id. */
  readonly sentAt: ReadonlyMap<string, number>
}

/** Whether a request may be leased: nobody sends it, or whoever did has not been heard of. */
export function isClaimable(request: StoredRequest, { now, userId }: Claim): boolean {
  return request.leaseUntil <= now && isFor(request, userId)
}

/** Whether a request may leave: it is still its owner's to send. */
export function isMarkable(request: StoredRequest, { owner, userId }: Mark): boolean {
  return request.owner === owner && isFor(request, userId)
}

/** Whether a request is past its time and nobody is left to be told. */
export function isStale(request: StoredRequest, { now, userId }: Claim): boolean {
  return request.expiresAt <= now && request.leaseUntil <= now && !isFor(request, userId)
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
