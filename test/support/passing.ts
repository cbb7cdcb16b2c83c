import type { ManualClock } from 'wirefold/testing'

/** How much faster the clock goes than real time; a peer on a busy machine still replies in time. */
const SPEED = 10
const STEP_MS = 10

/** Lets time pass on a clock until a promise is settled, for what real peers and a deadline decide together. */
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
