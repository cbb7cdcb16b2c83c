import type { Clock } from '../../../base/clock.ts'

/**
 * The present generation of the Redis store, as known to this process; see
 * `scripts/store-generation.ts`.
 */
export class StoreGeneration {
  readonly #clock: Clock
  #id = ''
  /** Start of the time without data loss, on the monotonic clock; `undefined` if unknown. */
  #since: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The id of the generation; empty before the first reply. */
  get id(): string {
    return this.#id
  }

  /** Time without data loss up to now, in milliseconds; 0 if unknown. */
  get reachMs(): number {
    return this.#since === undefined ? 0 : Math.max(0, this.#clock.now() - this.#since)
  }

  /** Stores a generation id and its age, as received from Redis. */
  learn(id: string, ageMs: number): void {
    this.#id = id
    this.learnAge(ageMs)
  }

  /** Stores the time without data loss, as received from Redis. */
  learnAge(ageMs: number): void {
    this.#since = this.#clock.now() - ageMs
  }

  /** Resets the age after a disconnect: Redis may have lost data since the last reply. */
  invalidate(): void {
    this.#since = undefined
  }
}
