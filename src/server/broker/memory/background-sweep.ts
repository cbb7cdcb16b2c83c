import type { Cancel, Clock } from '../../../base/clock.ts'

/** Interval in which what has expired is dropped, in milliseconds. */
const SWEEP_MS = 60_000

/**
 * A sweep that drops what has expired although no call comes. It runs every minute while something
 * is left, and its timer does not keep the process alive.
 */
export class BackgroundSweep {
  readonly #clock: Clock
  readonly #sweep: () => boolean
  #cancel: Cancel | undefined

  /** @param sweep drops what has expired, and returns whether anything is left */
  constructor(clock: Clock, sweep: () => boolean) {
    this.#clock = clock
    this.#sweep = sweep
  }

  /** Starts the sweep, because there is something that will expire; safe to call again. */
  start(): void {
    this.#cancel ??= this.#clock.after(SWEEP_MS, () => this.#run(), 'background')
  }

  /** Stops the sweep. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #run(): void {
    this.#cancel = undefined
    if (this.#sweep()) this.start()
  }
}
