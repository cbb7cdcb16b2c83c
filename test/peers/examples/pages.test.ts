import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Browser, Page } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { until } from '../../support/live.ts'
import type { FreshCopy } from './fresh-copy.ts'
import { freshCopy } from './fresh-copy.ts'

let copy: FreshCopy

beforeAll(() => {
  copy = freshCopy()
})

afterAll(() => copy?.remove())

const stories = (browser: Browser): void => {
  const text = (page: Page) => page.evaluate(() => document.querySelector('main')?.textContent)

  it.each(['react', 'vue', 'svelte', 'solid', 'signals'])(
    '%s: shows in one page what was added in another',
    async (example) => {
      const url = await copy.run(example).prints(/Local: +(http\S+)/)
      const pages = [await browser.open(url), await browser.open(url)] as const
      onTestFinished(async () => {
        for (const page of pages) await page.close()
      })
      const [one, two] = pages
      for (const page of pages)
        await until(async () => expect(await text(page)).toMatch(/^\s*open\s*Bread/))
      await one.activate()
      await one.evaluate(() => document.querySelector('input')?.focus())
      await one.type('Butter')
      await one.press('Enter')
      for (const page of pages)
        await until(async () =>
          expect(await text(page)).toMatch(/^\s*open\s*Bread\s*Butter\s*Add\s*$/),
        )
      expect(await one.consoleErrors()).toEqual([])
      expect(await two.consoleErrors()).toEqual([])
    },
  )
}
await runStories(chromiumDriver, stories)
