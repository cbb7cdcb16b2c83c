import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Browser, BrowserDriver, Page, WindowOptions } from '../driver/browser-driver.ts'
import type { DemoProcess } from './demo-process.ts'
import { startDemo } from './demo-process.ts'
import {
  appears,
  count,
  enter,
  focus,
  follow,
  ownConsoleErrors,
  PATIENT,
  push,
  recordChanges,
  textOf,
} from './page-actions.ts'

const REJECT = 'Reject the next write'

/** Stories of the page with tasks that several people change, each in their own window. */
export function taskBoardStories(browser: Browser, driver: BrowserDriver): void {
  describe('the task board, in two windows', () => {
    const open = opened(browser)

    it('shows a new task at once to its author, marked as pending until the server has it', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
      await add(ada, 'Water the plants')
      await expect.poll(() => last(mine), PATIENT).toContain('Water the plants …')
      await ada.screenshot(`test-results/${driver.name}/task-board-pending.png`)
      await expect.poll(() => last(theirs), PATIENT).toContain('Water the plants')
      await expect.poll(() => last(mine), PATIENT).toContain('Water the plants')
      expect(await steps(mine, 'Water the plants')).toEqual([
        '',
        'Water the plants …',
        'Water the plants',
      ])
      expect(await steps(theirs, 'Water the plants')).toEqual(['', 'Water the plants'])
    })

    it('loses no write and removes no person during a disconnect', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'looking'])
      const [people, mine] = await Promise.all([followPeople(bob), followRows(ada)])
      const stale = await recordChanges(ada, 'stale', () =>
        [...document.querySelectorAll('[data-testid=stale]')].map((mark) => mark.textContent ?? ''),
      )
      await add(ada, 'Sent before the cut')
      await push(ada, 'button', 'Cut the connection')
      await add(ada, 'Added meanwhile')
      await add(bob, 'Added elsewhere')
      await expect.poll(() => textOf(ada, '[data-testid=opens]'), PATIENT).toBe('2')
      for (const name of ['Sent before the cut', 'Added meanwhile', 'Added elsewhere']) {
        await both([ada, bob], name)
        const seen = await steps(mine, name)
        expect(seen.filter((step) => step === name)).toHaveLength(1)
      }
      expect(await rowsOf(ada)).toEqual(await rowsOf(bob))
      expect((await people()).every((names) => names.includes('Ada'))).toBe(true)
      // Tasks and people were marked, and are no longer.
      const marked = [expect.stringMatching(/^Stale: as of \d/), expect.stringMatching(/^Stale/)]
      expect(await stale()).toContainEqual(marked)
      expect((await stale()).at(-1)).toEqual(['', ''])
    })
  })
}

/** Stories of the same page beside those of a write and of a disconnect. */
export function longTaskBoardStories(browser: Browser, driver: BrowserDriver): void {
  describe('the task board, in several windows', () => {
    const open = opened(browser)

    it('shows the people present and their activity, and links to the other page', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob', { dark: true })])
      await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'looking'])
      await expect.poll(() => doing(ada, 'Bob'), PATIENT).toEqual(['1 window', 'looking'])
      await focus(ada, title('Tick a task off'))
      await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'editing #2'])
      await bob.screenshot(`test-results/${driver.name}/task-board-dark.png`)
      await focus(ada, '[aria-label="New task"]')
      await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'looking'])
      await follow(ada, 'A process, live')
      await follow(ada, 'A task board, shared')
      // The same window is still the same person.
      await expect.poll(() => personOf(ada), PATIENT).toBe('Ada')
    })

    it('offers a window of the other person, by the name they have now', async () => {
      const [ada, carl] = await Promise.all([open('Ada'), open('Carl')])
      const offered = () => textOf(ada, '.people .hint a')
      await expect.poll(offered, PATIENT).toBe('a window of Carl')
      const people = await followPeople(ada)
      await enter(carl, '[data-testid=person]', 'Émile')
      await expect.poll(offered, PATIENT).toBe('a window of Émile')
      await expect.poll(() => personOf(carl), PATIENT).toBe('Émile')
      // The name of before leaves at once. (A window that a test closes does so after a while.)
      const both = (names: readonly string[]) => names.includes('Carl') && names.includes('Émile')
      expect((await people()).filter(both)).toEqual([])
    })

    it('rolls back a rejected write, shows the reason, and shows the write in no other window', async () => {
      const [ada, bob] = await Promise.all([open('Ada', { width: 390, height: 844 }), open('Bob')])
      const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
      await toggle(ada, REJECT)
      await rename(ada, 'Reject a write', 'Accept a write')
      await expect.poll(() => last(mine), PATIENT).toContain('Accept a write …')
      await expect.poll(() => last(mine), PATIENT).toContain('Reject a write')
      await expect
        .poll(() => textOf(ada, '[role=alert]'), PATIENT)
        .toBe(
          '“Reject a write” was not changed: the server rejected this write, because “Reject the next write” was on.',
        )
      await ada.screenshot(`test-results/${driver.name}/task-board-rejected.png`)
      // Only one write was rejected.
      await expect.poll(() => switchesOn(ada), PATIENT).toBe(0)
      await rename(ada, 'Reject a write', 'Reject a wish')
      await expect.poll(() => last(theirs), PATIENT).toContain('Reject a wish')
      expect(await count(ada, '[role=alert]:not([hidden])')).toBe(0)
      expect(await steps(mine, 'Accept a write')).toEqual(['', 'Accept a write …', ''])
      expect(await steps(theirs, 'Accept a write')).toEqual([''])
      expect(await steps(theirs, 'Reject a w')).toEqual(['Reject a write', 'Reject a wish'])
    })

    it('converges if two people tick the same task', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      await add(ada, 'Ring the bell')
      await both([ada, bob], 'Ring the bell')
      const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
      await Promise.all([tick(ada, 'Ring the bell'), tick(bob, 'Ring the bell')])
      for (const rows of [mine, theirs]) {
        await expect.poll(() => last(rows), PATIENT).toContain('Ring the bell ✓')
        // Once ticked, the task stays ticked.
        expect(await steps(rows, 'Ring the bell')).toEqual([
          'Ring the bell',
          'Ring the bell ✓ …',
          'Ring the bell ✓',
        ])
      }
    })

    it('keeps a person who closes one of two windows, and removes one who closes the last', async () => {
      const [bob, first, second, only] = await Promise.all([
        open('Bob'),
        open('Cleo'),
        open('Cleo'),
        open('Dora'),
      ])
      await expect.poll(() => doing(bob, 'Cleo'), PATIENT).toEqual(['2 windows', 'looking'])
      const people = await followPeople(bob)
      await Promise.all([second.close(), only.close()])
      await expect.poll(() => doing(bob, 'Cleo'), PATIENT).toEqual(['1 window', 'looking'])
      await expect.poll(() => last(people), PATIENT).not.toContain('Dora')
      expect((await people()).every((names) => names.includes('Cleo'))).toBe(true)
      expect(await doing(first, 'Cleo')).toEqual(['1 window', 'looking'])
    })

    it('deletes at once, and restores a task whose deletion is rejected in its old position', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      for (const name of ['One', 'Two', 'Three']) await add(bob, name)
      await both([ada, bob], 'Three')
      const before = await rowsOf(ada)
      const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
      await toggle(ada, REJECT)
      await remove(ada, 'Two')
      // The focus stays among the tasks.
      expect(await ada.evaluate(() => document.activeElement?.ariaLabel)).toBe('Delete: Three')
      await expect.poll(() => steps(mine, 'Two'), PATIENT).toEqual(['Two', '', 'Two'])
      expect(await rowsOf(ada)).toEqual(before)
      await remove(ada, 'Two')
      await expect.poll(() => steps(theirs, 'Two'), PATIENT).toEqual(['Two', ''])
      await expect.poll(() => rowsOf(ada), PATIENT).toEqual(before.filter((row) => row !== 'Two'))
      expect(await rowsOf(bob)).toEqual(await rowsOf(ada))
      await add(ada, 'Four')
      await expect
        .poll(() => rowsOf(bob).then((rows) => rows.slice(-3)), PATIENT)
        .toEqual(['One', 'Three', 'Four'])
    })

    it('filters the open tasks in one window only, in the same order', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      for (const name of ['Buy milk', 'Buy bread']) await add(ada, name)
      await both([ada, bob], 'Buy bread')
      await toggle(bob, 'Open only')
      await tick(bob, 'Buy milk')
      await expect
        .poll(() => rowsOf(bob), PATIENT)
        .not.toContainEqual(expect.stringMatching('milk'))
      await expect.poll(() => rowsOf(ada), PATIENT).toContain('Buy milk ✓')
      await tick(ada, 'Buy milk')
      await expect
        .poll(() => rowsOf(bob).then((rows) => rows.slice(-2)), PATIENT)
        .toEqual(['Buy milk', 'Buy bread'])
    })
  })
}

/**
 * Serves the demo for the tests of a suite.
 *
 * @returns a function that opens the window of a person, and waits for its tasks. Any console error
 * of the page fails the test.
 */
function opened(browser: Browser) {
  let demo: DemoProcess

  beforeAll(async () => {
    demo = await startDemo({})
  })

  afterAll(() => demo.stop().then(() => {}))

  return async (name: string, options: WindowOptions = {}): Promise<Page> => {
    const page = await browser.open(`${demo.url}tasks/?name=${name}`, options)
    onTestFinished(async () => {
      const consoleErrors = await ownConsoleErrors(page)
      await page.close()
      expect(consoleErrors).toEqual([])
    })
    await appears(page, '[data-testid=tasks][data-status=live] li')
    await appears(page, `[data-person=${name}]`)
    return page
  }
}

/** Returns the name of a window's person. */
function personOf(page: Page): Promise<string | undefined> {
  return page.evaluate(
    () => document.querySelector<HTMLInputElement>('[data-testid=person]')?.value,
  )
}

function add(page: Page, name: string): Promise<void> {
  return enter(page, '[aria-label="New task"]', name)
}

function rename(page: Page, from: string, to: string): Promise<void> {
  return enter(page, title(from), to)
}

function tick(page: Page, name: string): Promise<void> {
  return push(page, `[aria-label="Done: ${name}"]`)
}

function remove(page: Page, name: string): Promise<void> {
  return push(page, `[aria-label="Delete: ${name}"]`)
}

/** Returns the selector of the input for the title of a task. */
function title(name: string): string {
  return `[aria-label="Title: ${name}"]`
}

/** Toggles a switch. */
function toggle(page: Page, label: string): Promise<void> {
  return push(page, '[role=switch]', label)
}

/** Returns the number of switches that are on. */
function switchesOn(page: Page): Promise<number> {
  return count(page, '[role=switch]:checked')
}

/** Waits until all windows show a task without a pending change. */
async function both(pages: readonly Page[], name: string): Promise<void> {
  for (const page of pages) await expect.poll(() => rowsOf(page), PATIENT).toContain(name)
}

/** Returns the number of windows of a person and their activity, as shown in a window. */
function doing(page: Page, name: string): Promise<readonly string[]> {
  return page.evaluate(
    (selector) => [...document.querySelectorAll(selector)].map((found) => found.textContent ?? ''),
    `[data-person=${name}] :is(.windows, .doing)`,
  )
}

/** Returns the tasks of a window, in the format of {@link rowsShown}. */
function rowsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(rowsShown)
}

/** Returns everything that was shown; the last item is current. */
type Shown = () => Promise<readonly (readonly string[])[]>

/** Records every state of the page's tasks, however short. */
function followRows(page: Page): Promise<Shown> {
  return recordChanges(page, 'rows', rowsShown)
}

/** Records the people that the page shows. */
function followPeople(page: Page): Promise<Shown> {
  return recordChanges(page, 'people', peopleShown)
}

/** Runs in the page: returns the tasks, with `✓` if ticked and `…` if pending. */
function rowsShown(): string[] {
  return [...document.querySelectorAll('.tasks li')].map((row) => {
    const label = row.querySelector('.title')?.getAttribute('aria-label') ?? ''
    const done = row.getAttribute('data-done') === 'true' ? ' ✓' : ''
    const pending = row.getAttribute('data-pending') === 'true' ? ' …' : ''
    return label.replace('Title: ', '') + done + pending
  })
}

/** Runs in the page: returns the people present. */
function peopleShown(): string[] {
  const people = [...document.querySelectorAll('[data-person]')]
  return people.map((person) => person.getAttribute('data-person') ?? '')
}

async function last(shown: Shown): Promise<readonly string[]> {
  return (await shown()).at(-1) ?? []
}

/** Returns the states of the row whose title begins with `name`; empty while it is absent. */
async function steps(shown: Shown, name: string): Promise<readonly string[]> {
  const all = await shown()
  const states = all.map((rows) => rows.filter((row) => row.startsWith(name)).join(' and '))
  return states.filter((step, at) => step !== states[at - 1])
}
