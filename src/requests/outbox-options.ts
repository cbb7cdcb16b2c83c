import type { OutboxStorage } from '../ports/outbox-storage.ts'

/** How requests wait for a connection. */
export interface OutboxOptions {
  /**
   * How many may wait.
   * @default 100
   */
  readonly limit?: number | undefined
  /**
   * Who gives way when one more comes: the one that waits longest (`drop-oldest`), the one that came
   * last before it (`drop-newest`), or the new one itself (`reject`). It is rejected with
   * `outbox-full`.
   * @default 'drop-oldest'
   */
  readonly overflow?: 'drop-oldest' | 'drop-newest' | 'reject' | undefined
  /**
   * How long one may wait to be sent, in milliseconds. In memory it waits no longer than for its own
   * `timeoutMs`, if that is shorter; in a stored outbox, where the default is 24 hours, it goes on.
   * @default 60_000
   */
  readonly ttlMs?: number | undefined
  /**
   * Where requests outlive the page: `indexedDbStorage()` of `wirefold/indexeddb`. Every request that is
   * not `volatile` is stored before it is sent, sent once the server knows us, and forgotten when it is
   * settled.
   * @default none: requests wait in memory
   */
  readonly storage?: OutboxStorage | undefined
}

/** What holds where nothing is said. */
export const outboxDefaults = { limit: 100, overflow: 'drop-oldest', ttlMs: 60_000 } as const

/** How long a stored request may wait to be sent where nothing is said, in milliseconds. */
const STORED_TTL_MS = 24 * 60 * 60_000

/** Outbox options with nothing left out. */
export interface ResolvedOutboxOptions {
  readonly limit: number
  readonly overflow: 'drop-oldest' | 'drop-newest' | 'reject'
  readonly ttlMs: number
  readonly storage: OutboxStorage | undefined
}

/** Fills in the defaults. */
export function resolveOutboxOptions(options: OutboxOptions): ResolvedOutboxOptions {
  return {
    limit: options.limit ?? outboxDefaults.limit,
    overflow: options.overflow ?? outboxDefaults.overflow,
    ttlMs: options.ttlMs ?? (options.storage ? STORED_TTL_MS : outboxDefaults.ttlMs),
    storage: options.storage,
  }
}
