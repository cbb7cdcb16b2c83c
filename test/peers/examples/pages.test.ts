import axe from 'axe-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Browser, Page } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { violationsIn } from '../../browser/stories/accessibility-stories.ts'
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
      expect(await one.evaluate(violationsIn, axe.source)).toEqual([])
      expect(await one.consoleErrors()).toEqual([])
      expect(await two.consoleErrors()).toEqual([])
    },
  )

  it('plugin-chat: shows who is here and what they say', async () => {
    const url = await copy.run('plugin-chat').prints(/Local: +(http\S+)/)
    const [ada, bea] = [
      await browser.open(`${url}?name=Ada`),
      await browser.open(`${url}?name=Bea`),
    ]
    onTestFinished(async () => {
      await ada.close()
      await bea.close()
    })
    for (const page of [ada, bea])
      await until(async () => expect(await text(page)).toMatch(/Here: (Ada, Bea|Bea, Ada)/))
    await ada.activate()
    await ada.evaluate(() => document.querySelector('input')?.focus())
    await ada.type('hello')
    await ada.press('Enter')
    for (const page of [ada, bea])
      await until(async () => expect(await text(page)).toContain('Ada: hello'))
    expect(await ada.evaluate(violationsIn, axe.source)).toEqual([])
    expect([...(await ada.consoleErrors()), ...(await bea.consoleErrors())]).toEqual([])
  })
}
await runStories(chromiumDriver, stories)
