import { WirefoldError } from '../base/errors.ts'
import type { OutboxStorage } from '../ports/outbox-storage.ts'
import { IndexedDbDatabase } from './indexeddb-database.ts'
import { storedOutbox } from './stored-outbox.ts'

/** Options of {@link indexedDbStorage}. */
export interface IndexedDbOptions {
  /**
   * Name of the database. Use one per backend: all clients that share a database send its requests.
   * @default 'wirefold'
   */
  readonly name?: string | undefined
  /**
   * Factory that opens databases.
   * @default globalThis.indexedDB
   */
  readonly indexedDB?: DatabaseFactory | undefined
}

/** The platform's type of `indexedDB`; `unknown` in a program without the types of a page. */
export type DatabaseFactory = typeof globalThis extends { readonly indexedDB: infer Factory }
  ? Factory
  : unknown

/** Defaults of {@link IndexedDbOptions}. */
export const indexedDbDefaults = { name: 'wirefold' } as const

/**
 * Keeps requests in the browser's IndexedDB, so that unsent requests outlive their page.
 *
 * Stored requests survive a closed page or browser, though not always a loss of power. Without
 * IndexedDB, or if it cannot be opened, the client emits `error` with `not-stored` and keeps
 * requests in memory.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { indexedDbStorage } from 'wirefold/indexeddb'
 *
 * const client = new RealtimeClient(url, { outbox: { storage: indexedDbStorage() } })
 */
export function indexedDbStorage(options: IndexedDbOptions = {}): OutboxStorage {
  const factory = (): IDBFactory => {
    // The getter throws a `SecurityError` in some browsers if the page may not store data.
    const found = options.indexedDB ?? globalThis.indexedDB
    if (found) return found
    throw new WirefoldError('not-stored', 'This environment has no IndexedDB.', {})
  }
  return storedOutbox(new IndexedDbDatabase(options.name ?? indexedDbDefaults.name, factory))
}
