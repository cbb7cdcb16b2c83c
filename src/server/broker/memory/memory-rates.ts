import type { Clock } from '../../../base/clock.ts'
import { TokenBucket } from '../../../base/token-bucket.ts'
import type { Rate, RateStore } from '../rate-store.ts'

/** Maximum number of buckets; the least recently used one is evicted, and starts full again. */
const MOST_KEYS = 100_000

/** A rate store in memory. */
export class MemoryRates implements RateStore {
  readonly #clock: Clock
  /** Least recently used first. */
  readonly #buckets = new Map<string, TokenBucket>()
  /** The key used last, which is the last of the buckets. */
  #latest: string | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(key: string, count: number, { perSecond, burst, debt }: Rate): number {
    const now = this.#clock.now()
    const bucket = this.#buckets.get(key) ?? new TokenBucket(perSecond, burst, now)
    if (key !== this.#latest) this.#renew(key, bucket)
    const waitMs = bucket.waitMs(now, Math.max(count, 1))
    if (waitMs === 0 || debt) bucket.take(count)
    return debt ? bucket.waitMs(now) : waitMs
  }

  /** Makes a bucket the most recently used one. */
  #renew(key: string, bucket: TokenBucket): void {
    this.#latest = key
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size <= MOST_KEYS) return
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}
