import type { OutboxIdentity } from '../ports/outbox-storage.ts'
import type { OutgoingRequest } from '../ports/outgoing-request.ts'

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
  /** Adds a request, or replaces the one of its id; its owner has it until then. */
  put(request: StoredRequest, leaseUntil: number): Promise<void>
  /**
   * Carries out what `claimed` in `lease.ts` decides, and forgets leases that are over.
   *
   * @returns what is the claimer's now, as it is kept, the oldest first
   */
  claim(claim: Claim): Promise<readonly StoredRequest[]>
  /**
   * Notes when requests leave, and in whose name, where they may: see `marked` in `lease.ts`.
   *
   * @returns the ids of those that it noted
   */
  mark(mark: Mark): Promise<readonly string[]>
  /**
   * Moves the end of an owner's lease.
   *
   * @returns the ids of what it owns
   */
  renew(owner: string, leaseUntil: number): Promise<readonly string[]>
  /** Ends an owner's lease. May be the last thing a page does: it is one write, and reads nothing. */
  release(owner: string): Promise<void>
  /** Takes a request out; one that is not there is none the worse. */
  delete(requestId: string): Promise<void>
}

/** A request as it is kept. */
export interface StoredRequest {
  readonly requestId: string
  /** What is asked, in plain JSON. */
  readonly outgoing: OutgoingRequest
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
  /** The client that sends it; nobody else does before its lease is over. */
  readonly owner: string
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
