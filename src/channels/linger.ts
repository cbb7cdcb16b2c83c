import type { Cancel, Clock } from '../base/clock.ts'

/** Functions that are called some time after they were last added, on one timer for all of them. */
export class Linger {
  readonly #clock: Clock
  readonly #lingerMs: number
  /** When each was added; all linger equally long, so the oldest is called first. */
  readonly #since = new Map<() => void, number>()
  #cancel: Cancel | undefined

  constructor(clock: Clock, lingerMs: number) {
    this.#clock = clock
    this.#lingerMs = lingerMs
  }

  /** Calls `stop` after the linger time, unless `keep` is called before. */
  add(stop: () => void): void {
    this.#since.delete(stop)
    this.#since.set(stop, this.#clock.now())
    // Where others linger already, the timer is set for one of them.
    if (this.#since.size === 1) this.#arm()
  }

  /** Cancels the call of `stop`. */
  keep(stop: () => void): void {
    this.#since.delete(stop)
    if (this.#since.size === 0) this.#arm()
  }

  /** Calls all functions now, and those that they add. */
  flush(): void {
    while (this.#since.size > 0) {
      const all = [...this.#since.keys()]
      this.#since.clear()
      this.#arm()
      for (const stop of all) stop()
    }
  }

  /** Sets the timer for the function that lingers longest, or none. */
  #arm(): void {
    this.#cancel?.()
    for (const since of this.#since.values()) {
      const ms = since + this.#lingerMs - this.#clock.now()
      this.#cancel = this.#clock.after(ms, () => this.#sweep())
      break
    }
  }

  #sweep(): void {
    const due: (() => void)[] = []
    for (const [stop, since] of this.#since) {
      // Timers may fire early; half a millisecond is not worth another timer.
      if (since + this.#lingerMs - this.#clock.now() > 0.5) break
      due.push(stop)
      this.#since.delete(stop)
    }
    this.#arm()
    for (const stop of due) stop()
  }
}
