/**
 * Storage for requests that outlive the page, in IndexedDB or a database of the application.
 *
 * @module wirefold/indexeddb
 */

export type { DatabaseFactory, IndexedDbOptions } from '../storage/indexeddb.ts'
export { indexedDbDefaults, indexedDbStorage } from '../storage/indexeddb.ts'
export type { Claim, Mark, OutboxDatabase, StoredRequest } from '../storage/outbox-database.ts'
export { storedOutbox } from '../storage/stored-outbox.ts'
