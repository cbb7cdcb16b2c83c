import { withDefaults } from '../base/known-names.ts'
import type { OutboxStorage } from '../ports/outbox-storage.ts'

/** Options of the buffer for requests while there is no connection. */
export interface OutboxOptions {
  /**
   * Maximum number of queued requests.
   * @default 100
   */
  readonly limit?: number | undefined
  /**
   * The request that is rejected with `outbox-full` when the limit is exceeded: the one that waits
   * longest (`drop-oldest`), the newest before the new one (`drop-newest`), or the new one itself
   * (`reject`).
   * @default 'drop-oldest'
   */
  readonly overflow?: 'drop-oldest' | 'drop-newest' | 'reject' | undefined
  /**
   * Maximum time a request waits to be sent, in milliseconds. In memory its own `timeoutMs` applies
   * as well, except to a mutation; in a stored outbox, where the default is 24 hours, it keeps
   * waiting beyond that.
   * @default 60_000
   */
  readonly ttlMs?: number | undefined
  /**
   * Storage in which requests survive the page: `indexedDbStorage()` of `wirefold/indexeddb`. Every
   * request that is not `volatile` is stored before it is sent, sent after the server's
   * welcome, and deleted when it is settled.
   * @default none: requests wait in memory
   */
  readonly storage?: OutboxStorage | undefined
}

/** Default values of {@link OutboxOptions}. */
export const outboxDefaults = { limit: 100, overflow: 'drop-oldest', ttlMs: 60_000 } as const

/** Default of `ttlMs` in a stored outbox, in milliseconds. */
const STORED_TTL_MS = 24 * 60 * 60_000

/** Outbox options with all defaults filled in. */
export interface ResolvedOutboxOptions {
  readonly limit: number
  readonly overflow: 'drop-oldest' | 'drop-newest' | 'reject'
  readonly ttlMs: number
  readonly storage: OutboxStorage | undefined
}

/** Returns the options with all defaults filled in. */
export function resolveOutboxOptions(options: OutboxOptions): ResolvedOutboxOptions {
  const ttlMs = options.storage ? STORED_TTL_MS : outboxDefaults.ttlMs
  const defaults = { ...outboxDefaults, ttlMs, storage: undefined }
  return withDefaults('The option outbox', options, defaults)
}
