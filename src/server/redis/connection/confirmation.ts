import { systemClock } from '../../../base/clock.ts'

/**
 * The last batch of this process that a Redis confirmed. From it another Redis detects that writes
 * were lost in a failover; see `scripts/store-generation.ts`.
 */
export class Confirmation {
  #by = ''
  #sentAt = 0

  /**
   * Stores a confirmed batch.
   *
   * @param by replication id of the Redis
   * @param sentAt time of {@link Confirmation.now} before the batch was sent
   */
  learn(by: string, sentAt: number): void {
    this.#by = by
    this.#sentAt = sentAt
  }

  /** Returns the present time of the platform's clock, which runs as fast as that of Redis. */
  now(): number {
    return systemClock.now()
  }

  /** Returns the replication id, and the age of the batch in milliseconds, for a script. */
  words(): readonly [string, string] {
    return [this.#by, `${Math.floor(this.now() - this.#sentAt)}`]
  }
}
