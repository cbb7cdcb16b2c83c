import type { Clock } from '../base/clock.ts'

/**
 * Resolves once all steps have settled, or after a time.
 *
 * @returns whether all have settled
 */
export async function settledWithin(
  clock: Clock,
  ms: number,
  steps: readonly Promise<unknown>[],
): Promise<boolean> {
  if (!steps.length) return true
  let cancel = (): void => {}
  const late = new Promise<false>((resolve) => {
    cancel = clock.after(ms, () => resolve(false))
  })
  const settled = Promise.allSettled(steps).then(() => true)
  return Promise.race([settled, late]).finally(cancel)
}
