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
   * How long one may wait to be sent, in milliseconds, where its own `timeoutMs` is not shorter.
   * @default 60_000
   */
  readonly ttlMs?: number | undefined
}

/** What holds where nothing is said. */
export const outboxDefaults = { limit: 100, overflow: 'drop-oldest', ttlMs: 60_000 } as const

/** Outbox options with nothing left out. */
export interface ResolvedOutboxOptions {
  readonly limit: number
  readonly overflow: 'drop-oldest' | 'drop-newest' | 'reject'
  readonly ttlMs: number
}

/** Fills in the defaults. */
export function resolveOutboxOptions(options: OutboxOptions): ResolvedOutboxOptions {
  return {
    limit: options.limit ?? outboxDefaults.limit,
    overflow: options.overflow ?? outboxDefaults.overflow,
    ttlMs: options.ttlMs ?? outboxDefaults.ttlMs,
  }
}
