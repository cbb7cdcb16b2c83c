/** Time without a sign of life after which an owner counts as stalled, in milliseconds. */
const STALLED_MS = 2_000
/** Time between two observations above which Redis, or this process, did not respond. */
const LATE_MS = 1_000
/** Time that all owners have to reconnect after that, in milliseconds. */
const RECOVERY_MS = 3_000

/**
 * The signs of life of all owners of requests, as this process observes them by its own clock. An
 * owner is stalled if regular observations have found no new sign for 2 s. After a late
 * observation the time of every owner begins anew: no process may have reached Redis, or this one
 * may have been blocked.
 */
export class SignsOfLife {
  #seen: ReadonlyMap<string, SeenSign> = new Map()
  #observedAt: number | undefined

  /** Stores the last sign of life of each owner, as read at `now` on the monotonic clock. */
  observe(signs: ReadonlyMap<string, string>, now: number): void {
    const late = this.#observedAt !== undefined && now - this.#observedAt > LATE_MS
    this.#observedAt = now
    const seen = new Map<string, SeenSign>()
    for (const [owner, sign] of signs) {
      const before = this.#seen.get(owner)
      if (late) seen.set(owner, { sign, since: now + RECOVERY_MS })
      else if (before?.sign === sign) seen.set(owner, before)
      else seen.set(owner, { sign, since: now })
    }
    this.#seen = seen
  }

  /** Whether the last observation found an owner. */
  has(owner: string): boolean {
    return this.#seen.has(owner)
  }

  /** Returns the last sign of an owner that is stalled, as of the last observation. */
  stalledAt(owner: string): string | undefined {
    const seen = this.#seen.get(owner)
    const stalled = seen && (this.#observedAt ?? 0) - seen.since >= STALLED_MS
    return stalled ? seen.sign : undefined
  }
}

interface SeenSign {
  readonly sign: string
  /** The time from which the lack of another sign counts, on the monotonic clock. */
  readonly since: number
}
