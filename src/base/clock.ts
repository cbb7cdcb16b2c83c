/** Stops what it was returned for; safe to call twice. */
export type Cancel = () => void

/** Where time comes from, so that tests can make their own. */
export interface Clock {
  /** Monotonic milliseconds, for deadlines and intervals. */
  now(): number
  /** Milliseconds since the Unix epoch, for stamps and for noticing that the machine slept. */
  wall(): number
  /** Calls `run` once, no sooner than `ms` milliseconds from now. */
  after(ms: number, run: () => void): Cancel
}

/** Beyond this, `setTimeout` overflows and fires at once (HTML, "timers": a signed 32-bit number). */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The platform's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
}
