import { afterAll, beforeAll, expect } from 'vitest'

/**
 * Listens for what nobody catches while the tests of a file run.
 *
 * @returns fails where there was anything since the last call
 */
export function watchUncaught(): () => Promise<void> {
  const uncaught: unknown[] = []
  const caught = (error: unknown) => uncaught.push(error)
  beforeAll(() => {
    process.on('uncaughtException', caught)
    process.on('unhandledRejection', caught)
  })
  afterAll(() => {
    process.off('uncaughtException', caught)
    process.off('unhandledRejection', caught)
  })
  return async () => {
    // An unhandled rejection is told of once the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve))
    expect(uncaught.splice(0)).toEqual([])
  }
}
