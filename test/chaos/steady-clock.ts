import type { Clock } from 'wirefold'
import { TimerList } from './timer-list.ts'

/** Maximum real time added per reading, in milliseconds. */
const MOST_MS = 2

/**
 * A clock many times faster than real time that waits for a busy process.
 *
 * The clock reads real time once per turn of the event loop, and counts at most `MOST_MS` per turn.
 * On a busy machine the run takes longer, and its internal proportions stay the same.
 */
export class SteadyClock implements Clock {
  readonly #times: number
  readonly #timers = new TimerList()
  readonly #startedAt = Date.now()
  #now = 0
  #lookedAt = performance.now()
  #ticking = false

  /** @param times factor by which the clock is faster than real time */
  constructor(times: number) {
    this.#times = times
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return Math.round(this.#startedAt + this.#now)
  }

  after(ms: number, run: () => void): () => void {
    const cancel = this.#timers.add(this.#now + Math.max(ms, 0), run)
    this.#tick()
    return cancel
  }

  #tick(): void {
    if (this.#ticking || this.#timers.empty) return
    this.#ticking = true
    setTimeout(() => {
      this.#ticking = false
      this.#look()
      this.#tick()
    }, 1)
  }

  #look(): void {
    const now = performance.now()
    this.#now += Math.min(now - this.#lookedAt, MOST_MS) * this.#times
    this.#lookedAt = now
    // One per turn, like the event loop's own timers, so that promises settle in between.
    for (let next = this.#timers.take(this.#now); next; next = this.#timers.take(this.#now)) {
      const timer = next
      setImmediate(() => timer.run?.())
    }
  }
}
