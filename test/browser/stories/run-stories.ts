import { afterAll, describe, it } from 'vitest'
import type { Browser, BrowserDriver } from '../driver/browser-driver.ts'

/** Declares tests that run in any browser. */
export type Stories = (browser: Browser, driver: BrowserDriver) => void

/**
 * Starts a browser, and declares the tests that run in it. If it does not start, they are skipped
 * with a warning; with `CI` set this throws instead.
 */
export async function runStories(driver: BrowserDriver, ...all: Stories[]): Promise<void> {
  const browser = await started(driver)
  const name = `in ${driver.name}`
  if (!browser) {
    describe.skip(name, () => it(`needs ${driver.name}`, () => {}))
    return
  }
  describe(name, () => {
    afterAll(() => browser.close())
    for (const stories of all) stories(browser, driver)
  })
}

async function started(driver: BrowserDriver): Promise<Browser | undefined> {
  try {
    return await driver.launch()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `${driver.name} did not start: ${reason}\n${driver.install}`
    if (process.env.CI) throw new Error(message, { cause: error })
    process.stderr.write(`${message}\nIts stories are skipped.\n`)
    return undefined
  }
}
