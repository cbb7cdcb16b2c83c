import type { OutboxIdentity } from '../ports/outbox-storage.ts'
import type { OutgoingRequest, StorableMutation } from '../ports/outgoing-request.ts'

/**
 * A database of requests, shared by all tabs.
 *
 * Every call is one transaction; the calls of one client run in the order in which they are made. A
 * call that rejects has changed nothing. Times are wall-clock times in milliseconds since the Unix
 * epoch, since they outlive the process.
 */
export interface OutboxDatabase {
  /**
   * Returns the identity that requests are sent as.
   *
   * @param senderId stored and returned if the database has none yet
   */
  identify(senderId: string): Promise<OutboxIdentity>
  /** Stores the id of the user who is signed in. */
  remember(userId: string | undefined): Promise<void>
  /** Adds a request, or replaces the one with its id, and extends the owner's lease to `leaseUntil`. */
  put(request: StoredRequest, leaseUntil: number): Promise<void>
  /**
   * Claims requests as `claimed` in `claim-rules.ts` decides, and deletes leases that have ended.
   *
   * @returns the requests that the claiming client owns now, as stored, oldest first
   */
  claim(claim: Claim): Promise<readonly StoredRequest[]>
  /**
   * Stores when and as which user requests are first sent, if `marked` in `claim-rules.ts` allows it.
   *
   * @returns the ids of the requests that were marked
   */
  mark(mark: Mark): Promise<readonly string[]>
  /**
   * Extends an owner's lease to `leaseUntil`.
   *
   * @returns the ids of the requests that it owns
   */
  renew(owner: string, leaseUntil: number): Promise<readonly string[]>
  /** Ends an owner's lease with a single write, since it may be the last call of a closing page. */
  release(owner: string): Promise<void>
  /** Deletes a request; does nothing if there is none with this id. */
  delete(requestId: string): Promise<void>
}

/** A request as stored in the database. */
export interface StoredRequest {
  /** Id of the request, the same on every attempt. */
  readonly requestId: string
  /** The request itself, in plain JSON. */
  readonly outgoing: OutgoingRequest
  /** The user it is sent as; `undefined` if no user was signed in. */
  readonly userId: string | undefined
  /** Time at which the request was made, in milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** Counter of its client, which orders requests made in the same millisecond. */
  readonly order: number
  /** End of its time to live, in milliseconds since the Unix epoch: the request is not sent from then on. */
  readonly expiresAt: number
  /** Time of its first sending, in milliseconds since the Unix epoch; `undefined` if it was never sent. */
  readonly sentAt: number | undefined
  /** Time of its first sending by the server's clock, in milliseconds since the Unix epoch, where that is known. */
  readonly serverSentAt?: number | undefined
  /** Whether the server may carry the request out more than once. */
  readonly idempotent: boolean
  /** Key of requests that are sent one after the other; see `RequestOptions`. */
  readonly ordering: string | undefined
  /** Key of requests of which only the latest is sent; see `RequestOptions`. */
  readonly supersede: string | undefined
  /** The mutation to show again, if the request carries one out that can be stored. */
  readonly mutation?: StorableMutation | undefined
  /** The client that sends it; other clients may only after its lease has ended. */
  readonly owner: string
}

/** A client's claim to requests whose owner's lease has ended. */
export interface Claim {
  /** The claiming client. */
  readonly owner: string
  /** The user that is signed in; `undefined` if no user is. */
  readonly userId: string | undefined
  /** The present time, in milliseconds since the Unix epoch. */
  readonly now: number
  /** End of the lease that the claiming client gets, in milliseconds since the Unix epoch. */
  readonly leaseUntil: number
  /** Maximum number of requests to claim. */
  readonly limit: number
}

/** The requests that a client is about to send. */
export interface Mark {
  /** The client that sends the requests. */
  readonly owner: string
  /** The user that is signed in; `undefined` if no user is. */
  readonly userId: string | undefined
  /** End of the lease that the client gets, in milliseconds since the Unix epoch. */
  readonly leaseUntil: number
  /** Time of the first sending of each request, in milliseconds since the Unix epoch, by request id. */
  readonly sentAt: ReadonlyMap<string, number>
  /** The same by the server's clock, in milliseconds since the Unix epoch, where that is known. */
  readonly serverSentAt?: ReadonlyMap<string, number | undefined>
}
