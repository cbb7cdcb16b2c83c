import type { Clock } from '../../../base/clock.ts'
import type { ReplyLookup, ReplyStore } from '../reply-store.ts'
import { BackgroundSweep } from './background-sweep.ts'

/** Maximum number of results. */
const MOST_ANSWERS = 100_000
/** Maximum size of all records together, in UTF-16 units. */
const MOST_UNITS = 64 * 1024 * 1024

interface Started {
  readonly digest: string
  readonly waiting: ((record: string | undefined) => void)[]
}

interface Answered {
  readonly digest: string
  readonly record: string
  /** Times of the result and of its expiry, on the monotonic clock. */
  readonly at: number
  readonly until: number
}

/**
 * A reply store in memory, with at most 100,000 results and 64 Mi characters. Beyond that, the
 * oldest results are evicted; running requests never are.
 */
export class MemoryReplies implements ReplyStore {
  readonly #clock: Clock
  readonly #started = new Map<string, Started>()
  /** Oldest first. */
  readonly #answered = new Map<string, Answered>()
  readonly #sweep: BackgroundSweep
  #units = 0
  /** Every result since then is stored, or has expired. */
  #since: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sweep = new BackgroundSweep(clock, () => {
      this.#evict()
      return this.#answered.size > 0
    })
    this.#since = clock.now()
  }

  get reachMs(): number {
    return this.#clock.now() - this.#since
  }

  async begin(key: string, digest: string): Promise<ReplyLookup> {
    this.#evict()
    const answered = this.#valid(key)
    const started = this.#started.get(key)
    const known = answered ?? started
    if (known && known.digest !== digest) return { state: 'conflict' }
    if (answered) return { state: 'answered', record: answered.record }
    if (started) {
      const record = new Promise<string | undefined>((resolve) => started.waiting.push(resolve))
      return { state: 'started', record }
    }
    this.#started.set(key, { digest, waiting: [] })
    return { state: 'fresh' }
  }

  async settle(key: string, record: string, keepMs: number): Promise<boolean> {
    const started = this.#started.get(key)
    if (!started) return true
    this.#started.delete(key)
    if (keepMs > 0) {
      const { digest } = started
      const at = this.#clock.now()
      this.#answered.set(key, { digest, record, at, until: at + keepMs })
      this.#units += record.length
      this.#evict()
      this.#sweep.start()
    }
    for (const resolve of started.waiting) resolve(record)
    return true
  }

  /** Removes everything; waiting lookups resolve as lost. */
  clear(): void {
    for (const { waiting } of this.#started.values()) {
      for (const resolve of waiting) resolve(undefined)
    }
    this.#sweep.stop()
    this.#started.clear()
    this.#answered.clear()
    this.#units = 0
  }

  /** Returns the result under a key, and removes it if it expired behind one that lives longer. */
  #valid(key: string): Answered | undefined {
    const answered = this.#answered.get(key)
    if (!answered || this.#clock.now() < answered.until) return answered
    this.#remove(key, answered)
    return undefined
  }

  #remove(key: string, { record }: Answered): void {
    this.#answered.delete(key)
    this.#units -= record.length
  }

  /** Removes expired results, and the oldest ones above the limits. */
  #evict(): void {
    const now = this.#clock.now()
    for (const [key, answered] of this.#answered) {
      const { at, until } = answered
      const fits = this.#answered.size <= MOST_ANSWERS && this.#units <= MOST_UNITS
      if (fits && now < until) return
      if (now < until) this.#since = at
      this.#remove(key, answered)
    }
  }
}
