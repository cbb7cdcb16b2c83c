import type { Clock } from 'wirefold'
import { TimerList } from './timer-list.ts'

/**
 * A clock that jumps from timer to timer.
 *
 * Unlike with `ManualClock`, the event loop runs a full turn between two timers, so that callbacks of
 * `setImmediate` run at the virtual time at which they were scheduled.
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

  /** Advances time until a task is done. */
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
    if (!timer) throw new Error('The task is not done, but no timer is left.')
    this.#now = timer.at
    timer.run?.()
  }
}

/** Waits on a clock. */
export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve))
}

/** Waits for two turns, since callbacks of the first may schedule others. */
async function turn(): Promise<void> {
  for (let n = 0; n < 2; n++) await new Promise((resolve) => setImmediate(resolve))
}
