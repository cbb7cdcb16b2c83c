import { afterAll, describe, it } from 'vitest'
import type { Browser, BrowserDriver } from '../driver/browser-driver.ts'
import { launched } from '../driver/launched.ts'

/** Declares tests that run in any browser. */
export type Stories = (browser: Browser, driver: BrowserDriver) => void

/**
 * Starts a browser, and declares the tests that run in it. If it does not start, they are skipped
 * with a warning; with `CI` set this throws instead.
 */
export async function runStories(driver: BrowserDriver, ...all: Stories[]): Promise<void> {
  const browser = await launched(driver, () => driver.launch())
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
