import type { Clock } from '../../src/index.ts'
import { systemClock } from '../../src/index.ts'

interface Timer {
  readonly at: number
  run: (() => void) | undefined
}

/**
 * A clock that jumps from timer to timer.
 *
 * Other than with `ManualClock` the whole event loop turns between two timers, so that what a server
 * puts off with `setImmediate` happens at the moment it was put off.
 */
export class VirtualClock implements Clock {
  #now = 0
  /** By time, and by arrival within one moment. */
  readonly #timers: Timer[] = []

  now(): number {
    return this.#now
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(ms, 0), run }
    this.#timers.splice(this.#placeOf(timer.at), 0, timer)
    return () => {
      timer.run = undefined
    }
  }

  /** Lets time pass until a task is done. */
  async during<T>(task: Promise<T>): Promise<T> {
    let done = false
    const over = (): void => {
      done = true
    }
    task.then(over, over)
    while (!done) {
      await turn()
      if (!done) this.#next()
    }
    return task
  }

  #next(): void {
    for (;;) {
      const timer = this.#timers.shift()
      if (!timer) throw new Error('Time stands still: nobody waits for anything any more.')
      if (!timer.run) continue
      this.#now = timer.at
      timer.run()
      return
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

/** Real time, so many times faster: whoever asks it for 20 ms at 20 times gets one. */
export function fastClock(times: number): Clock {
  const [start, wall] = [systemClock.now(), systemClock.wall()]
  const now = (): number => (systemClock.now() - start) * times
  return {
    now,
    wall: () => Math.round(wall + now()),
    after: (ms, run) => systemClock.after(ms / times, run),
  }
}

/** Waits on a clock. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve))
}

/** Two turns: one for what is put off now, one for what that puts off. */
async function turn(): Promise<void> {
  for (let n = 0; n < 2; n++) await new Promise((resolve) => setImmediate(resolve))
}
