import type { OutboxIdentity } from '../wire/outbox.ts'
import { claimed, marked, renewed } from './lease.ts'
import type { Claim, Mark, OutboxDatabase, StoredRequest } from './outbox-database.ts'

const VERSION = 1
const REQUESTS = 'requests'
const IDENTITY = 'identity'

/** The parts of a transaction. */
interface Stores {
  readonly requests: IDBObjectStore
  readonly identity: IDBObjectStore
}

/** Requests in an IndexedDB database, opened with the first call and again where it was closed on us. */
export class IndexedDbDatabase implements OutboxDatabase {
  readonly #name: string
  readonly #factory: () => IDBFactory
  #opening: Promise<IDBDatabase> | undefined

  /** @param factory called with every attempt to open; throws where there is no IndexedDB */
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
    return this.#transact(({ identity }, result) => {
      if (userId === undefined) identity.delete('userId')
      else identity.put(userId, 'userId')
      result()
    })
  }

  put(request: StoredRequest): Promise<void> {
    return this.#transact(({ requests }, result) => {
      requests.put(request)
      result()
    })
  }

  claim(claim: Claim): Promise<readonly StoredRequest[]> {
    return this.#transact(({ requests }, result) => {
      read<StoredRequest[]>(requests.getAll(), (all = []) => {
        const { leased, stale } = claimed(all, claim)
        for (const request of leased) requests.put(request)
        for (const { requestId } of stale) requests.delete(requestId)
        result(leased)
      })
    })
  }

  mark(mark: Mark): Promise<readonly string[]> {
    return this.#change([...mark.sentAt.keys()], (request) => marked(request, mark))
  }

  renew(
    owner: string,
    requestIds: readonly string[],
    leaseUntil: number,
  ): Promise<readonly string[]> {
    return this.#change(requestIds, (request) => renewed(request, owner, leaseUntil))
  }

  delete(requestId: string): Promise<void> {
    return this.#transact(({ requests }, result) => {
      requests.delete(requestId)
      result()
    })
  }

  /** Replaces those requests for which there is something to replace them with; tells which. */
  #change(
    requestIds: readonly string[],
    change: (request: StoredRequest) => StoredRequest | undefined,
  ): Promise<readonly string[]> {
    return this.#transact(({ requests }, result) => {
      const changed: string[] = []
      for (const requestId of requestIds) {
        read<StoredRequest>(requests.get(requestId), (request) => {
          const next = request && change(request)
          if (!next) return
          requests.put(next)
          changed.push(requestId)
        })
      }
      result(changed)
    })
  }

  /** Runs one transaction; what it gives is settled once all of it is kept. */
  async #transact<T>(work: (stores: Stores, result: (value: T) => void) => void): Promise<T> {
    const database = await this.#open()
    return new Promise((resolve, reject) => {
      const transaction = database.transaction([REQUESTS, IDENTITY], 'readwrite')
      const requests = transaction.objectStore(REQUESTS)
      const identity = transaction.objectStore(IDENTITY)
      let complete = (): void => {}
      transaction.oncomplete = () => complete()
      // Where there is no room it is only the end of the transaction that says so.
      transaction.onabort = () => reject(transaction.error)
      work({ requests, identity }, (value) => {
        complete = () => resolve(value)
      })
    })
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= this.#dial().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #dial(): Promise<IDBDatabase> {
    const request = this.#factory().open(this.#name, VERSION)
    return new Promise((resolve, reject) => {
      request.onupgradeneeded = () => {
        request.result.createObjectStore(REQUESTS, { keyPath: 'requestId' })
        request.result.createObjectStore(IDENTITY)
      }
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const database = request.result
        const forget = (): void => {
          this.#opening = undefined
        }
        // The user or another page wants it gone: in the way we would only block them.
        database.onversionchange = () => {
          database.close()
          forget()
        }
        database.onclose = forget
        resolve(database)
      }
    })
  }
}

/** Hands on what a request finds; where it fails its transaction ends, and says so. */
function read<T>(request: IDBRequest, found: (value: T | undefined) => void): void {
  request.onsuccess = () => found(request.result)
}
