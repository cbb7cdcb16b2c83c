import type { Cancel, Clock } from '../base/clock.ts'

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #now = 0
  /** Difference of `wall()` to `now()`. */
  #epoch: number
  readonly #timers = new Set<Timer>()

  /** @param startMs the wall clock's first reading, in milliseconds since the Unix epoch */
  constructor(startMs = 1_700_000_000_000) {
    this.#epoch = startMs
  }

  /** Number of set timers, without those in the background. */
  get timers(): number {
    return [...this.#timers].filter(({ background }) => !background).length
  }

  /** Number of set timers in the background, which do not keep a process alive. */
  get backgroundTimers(): number {
    return this.#timers.size - this.timers
  }

  now(): number {
    return this.#now
  }

  wall(): number {
    return this.#epoch + this.#now
  }

  after(ms: number, run: () => void, background?: 'background'): Cancel {
    const timer: Timer = { at: this.#now + Math.max(ms, 0), run, background: !!background }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /**
   * Advances the time: every timer due meanwhile runs at its time, and its promises settle before
   * the next one.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await settle()
    }
    this.#now = end
    await settle()
  }

  /** Moves the wall clock alone, as if the user set it. */
  shiftWall(ms: number): void {
    this.#epoch += ms
  }

  /**
   * Lets the machine sleep: time passes and no timer runs; due timers run at the next
   * {@link advance}.
   *
   * @param monotonic whether `now()` goes on meanwhile, as it does on some platforms
   */
  sleep(ms: number, monotonic = true): void {
    if (monotonic) this.#now += ms
    else this.#epoch += ms
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at <= end && (!first || timer.at < first.at)) first = timer
    }
    return first
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ManualClock'
  }
}

/** Waits until all code runs that only waits for promises. */
export async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve()
}

interface Timer {
  readonly at: number
  readonly run: () => void
  readonly background: boolean
}
