import type { Cancel, Clock } from './clock.ts'

/** Longest time between two looks at the clocks while timers are set, in milliseconds. */
const LOOK_MS = 1_000
/** Differences up to this are rounding (some browsers round both clocks to 100 ms), in milliseconds. */
const ROUNDING_MS = 250

/**
 * A clock whose `now()` and timers count the time in which the machine sleeps.
 *
 * On most platforms the monotonic clock and the timers stop in sleep; only the wall clock goes on. So
 * `now()` adds the time by which the wall clock has run ahead of the monotonic one. A wall clock that
 * is set forward cannot be told from sleep; one that is set back changes nothing.
 */
export class ElapsedClock implements Clock {
  readonly #clock: Clock
  readonly #timers = new Set<Timer>()
  #sleptMs = 0
  /** Difference of the wall clock to the monotonic one, the least since the last sleep. */
  #drift = Number.POSITIVE_INFINITY
  #lookAt = Number.POSITIVE_INFINITY
  #cancelLook: Cancel | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    const now = this.#clock.now()
    const drift = this.#clock.wall() - now
    if (drift > this.#drift + ROUNDING_MS) {
      this.#sleptMs += drift - this.#drift
      this.#drift = drift
    } else this.#drift = Math.min(this.#drift, drift)
    return now + this.#sleptMs
  }

  wall(): number {
    return this.#clock.wall()
  }

  after(ms: number, run: () => void): Cancel {
    const timer = { due: this.now() + Math.max(ms, 0), run }
    this.#timers.add(timer)
    if (timer.due < this.#lookAt) this.#plan()
    return () => {
      this.#timers.delete(timer)
      if (this.#timers.size === 0) this.#plan()
    }
  }

  /**
   * Runs the timers that are due. They run by themselves within a second; where a message that
   * arrives right after a sleep must find them done, call this before.
   */
  catchUp(): void {
    const now = this.now()
    try {
      for (const timer of this.#timers) {
        if (timer.due > now) continue
        this.#timers.delete(timer)
        timer.run()
      }
    } finally {
      this.#plan()
    }
  }

  #plan(): void {
    this.#cancelLook?.()
    this.#lookAt = Number.POSITIVE_INFINITY
    if (this.#timers.size === 0) return
    const now = this.now()
    this.#lookAt = now + LOOK_MS
    for (const { due } of this.#timers) this.#lookAt = Math.min(this.#lookAt, due)
    this.#cancelLook = this.#clock.after(this.#lookAt - now, () => this.catchUp())
  }
}

interface Timer {
  readonly due: number
  readonly run: () => void
}
