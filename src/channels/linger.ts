import type { Cancel, Clock } from '../base/clock.ts'
import { ElapsedClock } from '../base/elapsed-clock.ts'

/** Returns the functions that linger with a subscriber; for a mock without, those that end at once. */
export function lingerOf(subscriber: {
  readonly port: { readonly clock: Clock }
  readonly lingering?: Linger | undefined
}): Linger {
  return subscriber.lingering ?? new Linger(subscriber.port.clock, 0)
}

/** Functions that are called some time after they were last added, on one timer for all of them. */
export class Linger {
  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #cancels = new Map<() => void, Cancel>()

  constructor(clock: Clock, lingerMs: number) {
    this.#clock = new ElapsedClock(clock)
    this.#lingerMs = lingerMs
  }

  /** Calls `stop` after the linger time, or another one, unless `keep` is called before. */
  add(stop: () => void, ms = this.#lingerMs): void {
    this.keep(stop)
    this.#cancels.set(
      stop,
      this.#clock.after(ms, () => this.#call(stop)),
    )
  }

  /** Cancels the call of `stop`. */
  keep(stop: () => void): void {
    this.#cancels.get(stop)?.()
    this.#cancels.delete(stop)
  }

  /** Calls all functions now, and those that they add. */
  flush(): void {
    for (const stop of this.#cancels.keys()) this.#call(stop)
  }

  #call(stop: () => void): void {
    this.keep(stop)
    stop()
  }
}
