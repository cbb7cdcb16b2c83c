import type { Clock } from 'wirefold'
import { TimerList } from './timer-list.ts'

/**
 * A clock that jumps from timer to timer.
 *
 * Other than with `ManualClock` the whole event loop turns between two timers, so that what a server
 * puts off with `setImmediate` happens at the moment it was put off.
 */
export class VirtualClock implements Clock {
  #now = 0
  readonly #timers = new TimerList()

  now(): number {
    return this.#now
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(ms: number, run: () => void): () => void {
    return this.#timers.add(this.#now + Math.max(ms, 0), run)
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
    const timer = this.#timers.take()
    if (!timer) throw new Error('Time stands still: nobody waits for anything any more.')
    this.#now = timer.at
    timer.run?.()
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
