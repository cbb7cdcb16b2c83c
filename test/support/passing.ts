import type { ManualClock } from 'wirefold/testing'

/** Speed of the manual clock relative to real time, slow enough for replies of peers on a busy machine. */
const SPEED = 10
const STEP_MS = 10

/** Advances a clock until a promise settles, for tests in which real peers race a deadline. */
export async function passing<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let settled = false
  const over = (): void => {
    settled = true
  }
  promise.then(over, over)
  while (!settled) {
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
    await clock.advance(STEP_MS * SPEED)
  }
  return promise
}
