import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import { rateLimited } from '../access/refusals.ts'
import type { RateStore } from '../broker/rate-store.ts'
import { BURST_SECONDS } from './inbound-limiter.ts'
import type { SharedRates } from './shared-rates.ts'

/**
 * The bytes of presence that a user, or an anonymous address, may cause: those of joins and updates,
 * and those of the members and missed events that subscribes read.
 *
 * The size of a read is known after it: each starts only while the bucket is not empty, and may
 * leave a debt. The reads of one owner follow one another, so that none starts before the earlier
 * ones are counted.
 */
export class PresenceBudget {
  readonly #deps: PresenceBudgetDeps
  readonly #lines = new Map<string, Line>()

  constructor(deps: PresenceBudgetDeps) {
    this.#deps = deps
  }

  /** Takes the bytes of a join or update; returns 0, or the time to wait, in milliseconds. */
  take(owner: string, bytes: number): number {
    const { rates, perSecond } = this.#deps
    if (!Number.isFinite(perSecond)) return 0
    return rates.take(keyOf(owner), bytes, { perSecond, burst: BURST_SECONDS * perSecond })
  }

  /**
   * Reads presence, and counts the bytes; refuses with `rate-limited`, without a read, while the
   * owner has none left. Rejects with the error of `read`.
   *
   * @param owner see `InboundLimiter.owner`; `undefined` for a receiver without limits
   */
  read<T extends Sized | Refusal>(
    owner: string | undefined,
    read: () => Promise<T>,
  ): Promise<T | Refusal> {
    if (owner === undefined || !Number.isFinite(this.#deps.perSecond)) return read()
    const line = this.#lines.get(owner) ?? this.#open(owner)
    return new Promise((resolve, reject) => {
      line.queue.add(async () => {
        const waitMs = await this.#waitMs(line, owner)
        if (waitMs > 0) return resolve(rateLimited(waitMs))
        const done = read()
        done.then(resolve, reject)
        const bytes = await done.then(
          (result) => ('bytes' in result ? result.bytes : 0),
          () => 0,
        )
        if (bytes) await this.#count(line, owner, bytes)
      })
    })
  }

  /** Returns the time until a read may start. */
  async #waitMs(line: Line, owner: string): Promise<number> {
    if (line.freeAt === undefined) await this.#count(line, owner, 0)
    return Math.max(Math.ceil((line.freeAt ?? 0) - this.#deps.clock.now()), 0)
  }

  /** Takes bytes, as a debt if the bucket has too few, and notes when the next read may start. */
  async #count(line: Line, owner: string, bytes: number): Promise<void> {
    const { store, perSecond, clock, report } = this.#deps
    const rate = { perSecond, burst: BURST_SECONDS * perSecond, debt: true }
    let waitMs = 0
    try {
      waitMs = await store.take(keyOf(owner), bytes, rate)
    } catch (error) {
      report(error)
    }
    line.freeAt = clock.now() + waitMs
  }

  #open(owner: string): Line {
    const queue = new SerialQueue(this.#deps.report, () => this.#lines.delete(owner))
    const line: Line = { queue, freeAt: undefined }
    this.#lines.set(owner, line)
    return line
  }
}

/** The dependencies of a {@link PresenceBudget}. */
export interface PresenceBudgetDeps {
  /** Bytes per second of each owner; `Infinity` for no limit. */
  readonly perSecond: number
  /** Counts the reads, which wait for it. */
  readonly store: RateStore
  /** Counts the joins and updates, in the same store, without a wait. */
  readonly rates: SharedRates
  readonly clock: Clock
  /** Receives the errors of the store; never throws. */
  readonly report: (error: unknown) => void
}

/** The result of a read. */
interface Sized {
  readonly bytes: number
}

/** The reads of one owner that are under way. */
interface Line {
  readonly queue: SerialQueue
  /** Time at which the next read may start, on the monotonic clock; `undefined` if not known. */
  freeAt: number | undefined
}

function keyOf(owner: string): string {
  return `presence${owner}`
}
