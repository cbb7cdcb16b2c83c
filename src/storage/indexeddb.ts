import { WirefoldError } from '../base/errors.ts'
import type { OutboxStorage } from '../ports/outbox-storage.ts'
import { IndexedDbDatabase } from './indexeddb-database.ts'
import { storedOutbox } from './stored-outbox.ts'

/** Where an outbox is kept. */
export interface IndexedDbOptions {
  /**
   * The database's name: one for each backend, since whoever shares it sends what is in it.
   * @default 'wirefold'
   */
  readonly name?: string | undefined
  /**
   * What opens databases.
   * @default globalThis.indexedDB
   */
  readonly indexedDB?: IDBFactory | undefined
}

/** What holds where nothing is said. */
export const indexedDbDefaults = { name: 'wirefold' } as const

/**
 * Keeps requests in the browser's IndexedDB, so that what waits to be sent outlives its page.
 *
 * What is written survives the end of the page and of the browser, though not always a loss of power.
 * Where there is no IndexedDB, or it cannot be opened, the client's `error` event says so with
 * `not-stored`, and requests wait in memory.
 *
 * @example
 * const client = new RealtimeClient(url, { outbox: { storage: indexedDbStorage() } })
 */
export function indexedDbStorage(options: IndexedDbOptions = {}): OutboxStorage {
  const factory = (): IDBFactory => {
    // Some browsers throw for looking at it where a page may store nothing.
    const found = options.indexedDB ?? globalThis.indexedDB
    if (found) return found
    throw new WirefoldError('not-stored', 'There is no IndexedDB in this environment.', {})
  }
  return storedOutbox(new IndexedDbDatabase(options.name ?? indexedDbDefaults.name, factory))
}
