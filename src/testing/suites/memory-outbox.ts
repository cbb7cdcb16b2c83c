import type { OutboxIdentity, OutboxStorage } from '../../ports/outbox-storage.ts'
import { claimed, marked } from '../../storage/claim-rules.ts'
import type { Claim, Mark, OutboxDatabase, StoredRequest } from '../../storage/outbox-database.ts'
import { storedOutbox } from '../../storage/stored-outbox.ts'

/** A database of requests in memory, shared by the clients of a test as tabs share a real one. */
export class MemoryOutboxDatabase implements OutboxDatabase {
  /** Stored requests, by request id. */
  readonly requests = new Map<string, StoredRequest>()
  readonly #leases = new Map<string, number>()
  #senderId: string | undefined
  #userId: string | undefined

  async identify(senderId: string): Promise<OutboxIdentity> {
    this.#senderId ??= senderId
    return { senderId: this.#senderId, userId: this.#userId }
  }

  async remember(userId: string | undefined): Promise<void> {
    this.#userId = userId
  }

  async put(request: StoredRequest, leaseUntil: number): Promise<void> {
    this.requests.set(request.requestId, request)
    this.#leases.set(request.owner, leaseUntil)
  }

  async claim(claim: Claim): Promise<readonly StoredRequest[]> {
    const { owner, now, leaseUntil } = claim
    for (const [one, end] of this.#leases) if (end <= now) this.#leases.delete(one)
    const { requests, stale } = claimed([...this.requests.values()], this.#leases, claim)
    for (const request of requests) this.requests.set(request.requestId, request)
    for (const { requestId } of stale) this.requests.delete(requestId)
    if (requests.length > 0) this.#leases.set(owner, leaseUntil)
    return requests
  }

  async mark(mark: Mark): Promise<readonly string[]> {
    this.#leases.set(mark.owner, mark.leaseUntil)
    return [...mark.sentAt.keys()].filter((requestId) => {
      const request = this.requests.get(requestId)
      const next = request && marked(request, mark)
      if (next) this.requests.set(requestId, next)
      return next !== undefined
    })
  }

  async renew(owner: string, leaseUntil: number): Promise<readonly string[]> {
    this.#leases.set(owner, leaseUntil)
    const owned = [...this.requests.values()].filter((request) => request.owner === owner)
    return owned.map(({ requestId }) => requestId)
  }

  async release(owner: string): Promise<void> {
    this.#leases.delete(owner)
  }

  async delete(requestId: string): Promise<void> {
    this.requests.delete(requestId)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'MemoryOutboxDatabase'
  }
}

/**
 * Creates a stored outbox in memory, for the clients of a test; see `indexedDbStorage` for a real
 * one.
 */
export function memoryOutboxStorage(
  database: OutboxDatabase = new MemoryOutboxDatabase(),
): OutboxStorage {
  return storedOutbox(database)
}
