import { claimed, marked, renewed } from '../storage/lease.ts'
import type { Claim, Mark, OutboxDatabase, StoredRequest } from '../storage/outbox-database.ts'
import { storedOutbox } from '../storage/stored-outbox.ts'
import type { OutboxIdentity, OutboxStorage } from '../wire/outbox.ts'

/** Requests in memory: what several clients of a test share as tabs share a database. */
export class MemoryOutboxDatabase implements OutboxDatabase {
  /** What is kept, by request id. */
  readonly requests = new Map<string, StoredRequest>()
  #senderId: string | undefined
  #userId: string | undefined

  async identify(senderId: string): Promise<OutboxIdentity> {
    this.#senderId ??= senderId
    return { senderId: this.#senderId, userId: this.#userId }
  }

  async remember(userId: string | undefined): Promise<void> {
    this.#userId = userId
  }

  async put(request: StoredRequest): Promise<void> {
    this.requests.set(request.requestId, request)
  }

  async claim(claim: Claim): Promise<readonly StoredRequest[]> {
    const { leased, stale } = claimed([...this.requests.values()], claim)
    for (const request of leased) this.requests.set(request.requestId, request)
    for (const { requestId } of stale) this.requests.delete(requestId)
    return leased
  }

  async mark(mark: Mark): Promise<readonly string[]> {
    return this.#change([...mark.sentAt.keys()], (request) => marked(request, mark))
  }

  async renew(
    owner: string,
    requestIds: readonly string[],
    leaseUntil: number,
  ): Promise<readonly string[]> {
    return this.#change(requestIds, (request) => renewed(request, owner, leaseUntil))
  }

  async delete(requestId: string): Promise<void> {
    this.requests.delete(requestId)
  }

  #change(
    requestIds: readonly string[],
    change: (request: StoredRequest) => StoredRequest | undefined,
  ): readonly string[] {
    return requestIds.filter((requestId) => {
      const request = this.requests.get(requestId)
      const next = request && change(request)
      if (next) this.requests.set(requestId, next)
      return next !== undefined
    })
  }
}

/** A stored outbox in memory, for several clients of a test; see `indexedDbStorage` for a real one. */
export function memoryOutboxStorage(
  database: OutboxDatabase = new MemoryOutboxDatabase(),
): OutboxStorage {
  return storedOutbox(database)
}
