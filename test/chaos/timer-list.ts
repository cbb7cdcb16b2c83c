/** A timer of a test clock. */
export interface Timer {
  readonly at: number
  /** Undefined once the timer is cancelled. */
  run: (() => void) | undefined
}

/** Timers in order of time, then of arrival. */
export class TimerList {
  readonly #timers: Timer[] = []

  get empty(): boolean {
    return this.#timers.length === 0
  }

  /** Adds a timer; the returned function cancels it. */
  add(at: number, run: () => void): () => void {
    const timer: Timer = { at, run }
    this.#timers.splice(this.#placeOf(at), 0, timer)
    return () => {
      timer.run = undefined
    }
  }

  /** Removes and returns the first timer that is due by `until` and not cancelled. */
  take(until = Number.POSITIVE_INFINITY): Timer | undefined {
    for (;;) {
      const [first] = this.#timers
      if (!first || first.at > until) return undefined
      this.#timers.shift()
      if (first.run) return first
    }
  }

  #placeOf(at: number): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#timers[middle]?.at ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return low
  }
}
