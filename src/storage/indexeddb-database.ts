import type { OutboxIdentity } from '../ports/outbox-storage.ts'
import { claimed, marked } from './claim-rules.ts'
import type { Claim, Mark, OutboxDatabase, StoredRequest } from './outbox-database.ts'

const VERSION = 1
/** Requests by id, ends of leases by owner, and the identity the requests are sent as. */
const STORES = ['requests', 'leases', 'identity'] as const

/**
 * An outbox in an IndexedDB database, opened by the first call.
 *
 * A connection that was closed or lost throws when it is used, which opens the database anew. No
 * event is needed for that: Safari ends the connections of a page in the background without one.
 */
export class IndexedDbDatabase implements OutboxDatabase {
  readonly #name: string
  readonly #factory: () => IDBFactory
  #opening: Promise<IDBDatabase> | undefined
  /** Settles once the last call has begun: calls begin in the order in which they are made. */
  #begun: Promise<void> = Promise.resolve()

  /** @param factory called for every attempt to open; throws if there is no IndexedDB */
  constructor(name: string, factory: () => IDBFactory) {
    this.#name = name
    this.#factory = factory
  }

  identify(senderId: string): Promise<OutboxIdentity> {
    return this.#transact(({ identity }, result) => {
      read<string>(identity.get('senderId'), (known) => {
        if (known === undefined) identity.put(senderId, 'senderId')
        read<string>(identity.get('userId'), (userId) => {
          result({ senderId: known ?? senderId, userId })
        })
      })
    })
  }

  remember(userId: string | undefined): Promise<void> {
    return this.#write(({ identity }) =>
      userId === undefined ? identity.delete('userId') : identity.put(userId, 'userId'),
    )
  }

  put(request: StoredRequest, leaseUntil: number): Promise<void> {
    return this.#write(({ requests, leases }) => {
      requests.put(request)
      leases.put(leaseUntil, request.owner)
    })
  }

  claim(claim: Claim): Promise<readonly StoredRequest[]> {
    const { owner, now, leaseUntil } = claim
    return this.#transact(({ requests, leases }, result) => {
      read<StoredRequest[]>(requests.getAll(), (all = []) => {
        const ends = new Map<string, number>()
        const cursor = leases.openCursor()
        read<IDBCursorWithValue>(cursor, (lease) => {
          if (lease) {
            if (lease.value > now) ends.set(String(lease.key), lease.value)
            else lease.delete()
            lease.continue()
            return
          }
          const mine = claimed(all, ends, claim)
          for (const request of mine.requests) requests.put(request)
          for (const { requestId } of mine.stale) requests.delete(requestId)
          if (mine.requests.length > 0) leases.put(leaseUntil, owner)
          result(mine.requests)
        })
      })
    })
  }

  mark(mark: Mark): Promise<readonly string[]> {
    return this.#transact(({ requests, leases }, result) => {
      const ids: string[] = []
      leases.put(mark.leaseUntil, mark.owner)
      for (const requestId of mark.sentAt.keys()) {
        read<StoredRequest>(requests.get(requestId), (request) => {
          const next = request && marked(request, mark)
          if (!next) return
          requests.put(next)
          ids.push(requestId)
        })
      }
      result(ids)
    })
  }

  renew(owner: string, leaseUntil: number): Promise<readonly string[]> {
    return this.#transact(({ requests, leases }, result) => {
      leases.put(leaseUntil, owner)
      read<StoredRequest[]>(requests.getAll(), (all = []) => {
        const owned = all.filter((request) => request.owner === owner)
        result(owned.map(({ requestId }) => requestId))
      })
    })
  }

  release(owner: string): Promise<void> {
    return this.#write(({ leases }) => leases.delete(owner))
  }

  delete(requestId: string): Promise<void> {
    return this.#write(({ requests }) => requests.delete(requestId))
  }

  /** Runs one transaction that only writes; it is committed at once, so that it outlives the page. */
  #write(work: (stores: Stores) => void): Promise<void> {
    return this.#transact((stores, result) => {
      work(stores)
      result()
      stores.requests.transaction.commit()
    })
  }

  /** Runs one transaction; the promise resolves once it is complete. */
  #transact<T>(work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async (): Promise<void> => {
        const transaction = await this.#begin()
        const stores = {
          requests: transaction.objectStore('requests'),
          leases: transaction.objectStore('leases'),
          identity: transaction.objectStore('identity'),
        }
        let complete = (): void => {}
        transaction.oncomplete = () => complete()
        // A full disk (`QuotaExceededError`) or a lost connection fails the transaction, not the
        // single request. The call is not repeated: later calls may have been carried out.
        transaction.onabort = () => {
          transaction.db.close()
          reject(transaction.error)
        }
        work(stores, (value) => {
          complete = () => resolve(value)
        })
      }
      this.#begun = this.#begun.then(run).catch(reject)
    })
  }

  /** Begins a transaction; opens the database anew, once, if its connection was closed or lost. */
  async #begin(isRepeated = false): Promise<IDBTransaction> {
    this.#opening ??= this.#connect()
    try {
      const database = await this.#opening
      return database.transaction(STORES, 'readwrite')
    } catch (error) {
      this.#opening = undefined
      if (isRepeated) throw error
      return this.#begin(true)
    }
  }

  async #connect(): Promise<IDBDatabase> {
    const request = this.#factory().open(this.#name, VERSION)
    return new Promise((resolve, reject) => {
      request.onupgradeneeded = () => {
        request.result.createObjectStore('requests', { keyPath: 'requestId' })
        request.result.createObjectStore('leases')
        request.result.createObjectStore('identity')
      }
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const database = request.result
        // Another page deletes or upgrades the database, which an open connection would block.
        database.onversionchange = () => database.close()
        resolve(database)
      }
    })
  }
}

/** The object stores of one transaction. */
type Stores = { readonly [Name in (typeof STORES)[number]]: IDBObjectStore }

/** The steps of one transaction. */
type Work<T> = (stores: Stores, result: (value: T) => void) => void

/** Calls `found` with the result of a request; a failed request aborts its transaction. */
function read<T>(request: IDBRequest, found: (value: T | undefined) => void): void {
  request.onsuccess = () => found(request.result ?? undefined)
}
