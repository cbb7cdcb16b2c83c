import type { ManualClock } from 'wirefold/testing'

/** How much time passes in a turn of the event loop, in milliseconds. */
const TURN_MS = 100

/** Lets time pass on a clock until a promise is settled, for what real peers and a deadline decide together. */
export async function passing<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false
  const over = (): void => {
    settled = true
  }
  promise.then(over, over)
  while (!settled) {
    await clock.advance(TURN_MS)
    await new Promise(setImmediate)
  }
  return promise
}
