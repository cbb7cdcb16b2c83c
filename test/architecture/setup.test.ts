import { describe, it, onTestFinished } from 'vitest'

/**
 * Removes the test runner's listeners of uncaught errors, so that only the set-up receives them.
 */
function muteRunner(event: 'unhandledRejection' | 'uncaughtException'): void {
  // The listener of the set-up was added last.
  const others = process.listeners(event as 'uncaughtException').slice(0, -1)
  for (const listener of others) process.off(event, listener)
  onTestFinished(() => {
    for (const listener of others) process.on(event, listener)
  })
}

describe('the set-up of the tests fails a test', () => {
  it.fails('that prints an error', () => {
    console.error('printed on purpose')
  })

  it.fails('that prints a warning', () => {
    console.warn('printed on purpose')
  })

  it.fails('that leaves a rejection unhandled', () => {
    muteRunner('unhandledRejection')
    void Promise.reject(new Error('left on purpose'))
  })

  it.fails('that leaves an exception uncaught', () => {
    muteRunner('uncaughtException')
    process.nextTick(() => {
      throw new Error('thrown on purpose')
    })
  })

  it('but not one that replaces console.error', () => {
    console.error = () => {}
    console.error('printed on purpose')
  })

  it.fails('that prints after such a test', () => {
    console.error('printed on purpose')
  })

  it('and no other test', () => {
    console.info('Printing is allowed.')
  })
})
