import axe from 'axe-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Browser, BrowserDriver } from '../driver/browser-driver.ts'
import type { DemoProcess } from './demo-process.ts'
import { startDemo } from './demo-process.ts'
import { appears } from './page-actions.ts'

/** The pages of the demo, with an element that is there once a page shows its data. */
const PAGES = [
  ['', '[data-testid=grace] textarea'],
  ['process/', '#documents-svelte li'],
  ['tasks/', '[data-testid=tasks][data-status=live] li'],
] as const

/** Stories of all pages, by the rules for screen readers, keyboards and contrast. */
export function accessibilityStories(browser: Browser, driver: BrowserDriver): void {
  describe('the pages of the demo', () => {
    let demo: DemoProcess

    beforeAll(async () => {
      demo = await startDemo({ REPLAY_SECONDS: '3' })
    })

    afterAll(() => demo.stop().then(() => {}))

    // Only Chromium emulates it.
    it.each(['', 'tasks/'])(
      '/%s: a switch is drawn by the browser in forced colours',
      async (path) => {
        const page = await browser.open(demo.url + path, { forcedColors: true })
        onTestFinished(() => page.close())
        await appears(page, '[role=switch]')
        const drawn = await page.evaluate(() =>
          [...document.querySelectorAll('[role=switch]')].map(
            (one) => getComputedStyle(one).appearance,
          ),
        )
        expect([...new Set(drawn)]).toEqual(['auto'])
      },
    )

    describe.each(PAGES)('/%s', (path, content) => {
      it.each([
        { name: 'light on a desktop', width: 1280, dark: false },
        { name: 'dark on a phone', width: 390, dark: true },
      ])(
        'violates no rule, and is not wider than its window, $name',
        async ({ name, ...window }) => {
          const page = await browser.open(demo.url + path, { height: 844, ...window })
          onTestFinished(() => page.close())
          await appears(page, content)
          const file = `${path.replace('/', '') || 'document'} ${name}`.replaceAll(/\W+/g, '-')
          await page.screenshot(`test-results/${driver.name}/${file}.png`)
          expect(await page.evaluate(violationsIn, axe.source)).toEqual([])
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          )
          expect(overflow).toBe(0)
        },
      )
    })
  })
}

/**
 * Runs in the page: returns the rules that it violates, with the elements.
 *
 * @param impacts those that count; by default all
 */
export async function violationsIn(
  source: string,
  impacts?: readonly string[],
): Promise<readonly string[]> {
  // Once: the script adds itself to the page.
  if (!Reflect.has(globalThis, 'axe')) new Function(source)()
  const { violations } = await Reflect.get(globalThis, 'axe').run(document, {
    resultTypes: ['violations'],
  })
  return violations
    .filter(({ impact }: axe.Result) => !impacts || impacts.includes(impact ?? ''))
    .flatMap(({ id, nodes }: axe.Result) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
    )
}
