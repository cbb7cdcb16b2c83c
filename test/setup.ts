import { format } from 'node:util'
import { afterAll, beforeEach, onTestFinished, vi } from 'vitest'

/**
 * Fails every test during which something was printed by `console.error` or `console.warn`, or a
 * rejection or an exception stayed uncaught, unless the test expects it: a test that replaces
 * `console.error` by `vi.spyOn(console, 'error').mockImplementation(…)` is given the messages itself.
 */
const complaints: string[] = []
// Taken before a test installs fake timers.
const { setImmediate } = globalThis

function record(kind: string): (...values: unknown[]) => void {
  return (...values) => complaints.push(`${kind}: ${format(...values)}`)
}

/** Throws what was recorded since the last call; used after each test and after each file. */
async function check(): Promise<void> {
  // Node reports an unhandled rejection once all microtasks are done.
  await new Promise((resolve) => setImmediate(resolve))
  const found = complaints.splice(0)
  if (found.length === 0) return
  throw new Error(`The test caused what it did not ask for:\n${found.join('\n')}`)
}

const onException = record('uncaught exception')
const onRejection = record('unhandled rejection')

function replaceConsole(): void {
  console.error = record('console.error')
  console.warn = record('console.warn')
}

// Before the file of the tests is loaded: what it prints then fails its first test.
replaceConsole()
process.on('uncaughtException', onException)
process.on('unhandledRejection', onRejection)

beforeEach(() => {
  // A test before may have replaced it and not taken that back.
  replaceConsole()
  // Added first, it runs last: after the test's own clean-up.
  onTestFinished(check)
})

afterAll(async () => {
  process.off('uncaughtException', onException)
  process.off('unhandledRejection', onRejection)
  // The files of a worker share its globals.
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  await check()
})
