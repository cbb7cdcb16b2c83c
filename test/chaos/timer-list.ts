/** A timer of a clock of the tests. */
export interface Timer {
  readonly at: number
  /** Missing once it is cancelled. */
  run: (() => void) | undefined
}

/** Timers by time, and by arrival within one moment. */
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

  /** Takes the first timer out that is due by then and is not cancelled. */
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
