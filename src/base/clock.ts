/** Source of time, replaceable in tests. */
export interface Clock {
  /** Returns monotonic milliseconds, for deadlines and intervals. */
  now(): number
  /**
   * Returns milliseconds since the Unix epoch, for timestamps and to detect that the machine slept.
   */
  wall(): number
  /**
   * Calls `run` once, no sooner than `ms` milliseconds from now.
   *
   * @param background given if the timer must not keep a Node process alive
   */
  after(ms: number, run: () => void, background?: 'background'): Cancel
}

/** Cancels the timer it was returned for; safe to call twice. */
export type Cancel = () => void

/**
 * Longest delay of `setTimeout`; a longer one overflows and fires at once (HTML, "timers": 32
 * bits).
 */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The platform's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run, background) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS))
    if (background) release(timer)
    return () => clearTimeout(timer)
  },
}

/** Lets a Node process end although the timer is set; timers of browsers are numbers. */
function release(timer: number | { unref(): unknown }): void {
  if (typeof timer === 'object') timer.unref()
}
