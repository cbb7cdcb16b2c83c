import type { Cancel, Clock } from '../base/clock.ts'

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #now = 0
  /** Difference of `wall()` to `now()`. */
  #epoch: number
  readonly #timers = new Set<Timer>()

  /**
   * Creates a clock whose `now()` is 0.
   *
   * @param startMs the wall clock's first reading, in milliseconds since the Unix epoch
   */
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
    const timer: Timer = { at: this.#now + Math.max(ms || 0, 0), run, background: !!background }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /**
   * Advances the time: every timer due meanwhile runs at its time, and its promises {@link settle} before
   * the next one. A timer may advance the time itself; the later end counts.
   *
   * @param ms a finite number from 0; anything else throws a `RangeError`
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + forward('advance', ms)
    await settle()
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await settle()
    }
    this.#now = Math.max(this.#now, end)
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
    if (monotonic) this.#now += forward('sleep', ms)
    else this.#epoch += forward('sleep', ms)
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

/**
 * Waits until code has run that waits for promises only, for up to 20 of them in a row. Await longer
 * chains by their own promise.
 */
export async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve()
}

/** Returns a time by which a clock moves on. */
function forward(method: string, ms: number): number {
  if (ms >= 0 && Number.isFinite(ms)) return ms
  throw new RangeError(
    `ManualClock.${method}() got ${ms}. Pass a finite number of milliseconds from 0.`,
  )
}

interface Timer {
  readonly at: number
  readonly run: () => void
  readonly background: boolean
}
