/** Time without a sign of life after which an owner counts as stalled, in milliseconds. */
const STALLED_MS = 1_500
/** Time between two observations above which Redis, or this process, did not respond. */
const LATE_MS = 1_000
/** Duration of such a pause after which other processes may have lost their connections to Redis. */
const LONG_PAUSE_MS = 5_000
/** Time that these processes have to reconnect, in milliseconds. */
const RECONNECT_MS = 3_000

/**
 * The signs of life of all owners of requests, as this process observes them by its own clock. An
 * owner is stalled if regular observations have found no new sign for 1.5 s. The time before a late
 * observation does not count: no process may have reached Redis, or this one may have been blocked.
 */
export class SignsOfLife {
  #seen: ReadonlyMap<string, SeenSign> = new Map()
  #observedAt: number | undefined

  /** Stores the last sign of life of each owner, as read at `now` on the monotonic clock. */
  observe(signs: ReadonlyMap<string, string>, now: number): void {
    const excusedMs = excused(now - (this.#observedAt ?? now))
    this.#observedAt = now
    const seen = new Map<string, SeenSign>()
    for (const [owner, sign] of signs) {
      const before = this.#seen.get(owner)
      const since = before?.sign === sign ? before.since + excusedMs : now
      seen.set(owner, { sign, since })
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

/** Returns the time since the last observation that does not count against any owner. */
function excused(pauseMs: number): number {
  if (pauseMs <= LATE_MS) return 0
  return pauseMs < LONG_PAUSE_MS ? pauseMs : pauseMs + RECONNECT_MS
}

interface SeenSign {
  readonly sign: string
  /** The time from which the lack of another sign counts, on the monotonic clock. */
  readonly since: number
}
