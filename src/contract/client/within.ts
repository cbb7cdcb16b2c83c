import type { Clock } from '../../base/clock.ts'
import type { Verdict } from '../../ports/contract-rules.ts'

/** Time within which a schema has to decide, in milliseconds. */
const LIMIT_MS = 5_000

/** Returns the verdict of a schema; that it failed, if there is none in time. */
export function within(clock: Clock, verdict: PromiseLike<Verdict>): Promise<Verdict> {
  return new Promise((resolve) => {
    const late = (): void => {
      const message = `The schema did not decide in ${LIMIT_MS} ms.`
      resolve({ issues: [{ message }], paths: [[]] })
    }
    const cancel = clock.after(LIMIT_MS, late, 'background')
    verdict.then((decided) => {
      cancel()
      resolve(decided)
    })
  })
}
