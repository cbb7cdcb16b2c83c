import type { Clock } from 'wirefold'
import { TimerList } from './timer-list.ts'

/** The most real time that counts between two looks at it, in milliseconds. */
const MOST_MS = 2

/**
 * Real time, many times faster, that waits for the process it runs in.
 *
 * The clock looks at real time once in a turn of the event loop, and counts only a little of what has
 * passed since the last look. Where the machine is busy the whole run takes longer, and everything in
 * it keeps its proportions.
 */
export class SteadyClock implements Clock {
  readonly #times: number
  readonly #timers = new TimerList()
  readonly #startedAt = Date.now()
  #now = 0
  #lookedAt = performance.now()
  #ticking = false

  /** @param times so many times faster than real time */
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
    // One by one, as the event loop runs its own timers: what one of them promised is settled before the next.
    for (let next = this.#timers.take(this.#now); next; next = this.#timers.take(this.#now)) {
      const timer = next
      setImmediate(() => timer.run?.())
    }
  }
}
