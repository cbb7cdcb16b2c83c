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
  noteChanges,
  ownComplaints,
  PATIENT,
  push,
  textOf,
} from './page-actions.ts'

const REJECT = 'Reject the next write'

/** The page with tasks that several people change, each in a window of their own. */
export function taskBoardStories(browser: Browser, driver: BrowserDriver): void {
  describe('the task board, in two windows', () => {
    let demo: DemoProcess

    beforeAll(async () => {
      demo = await startDemo({})
    })

    afterAll(() => demo.stop().then(() => {}))

    it('shows who is here and what they are doing, and links to the other page', async () => {
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
      await expect.poll(() => textOf(ada, '[data-testid=person]'), PATIENT).toBe('Ada')
    })

    it('shows a new task at once where it was added, marked until the server has it', async () => {
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

    it('takes back a write that is rejected, says why, and shows it nowhere else', async () => {
      const [ada, bob] = await Promise.all([open('Ada', { width: 390, height: 844 }), open('Bob')])
      const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
      await turn(ada, REJECT)
      await rename(ada, 'Reject a write', 'Accept a write')
      await expect.poll(() => last(mine), PATIENT).toContain('Accept a write …')
      await expect.poll(() => last(mine), PATIENT).toContain('Reject a write')
      await expect
        .poll(() => textOf(ada, '[role=alert]'), PATIENT)
        .toBe(
          '“Reject a write” was not changed: the server rejected this write, as you asked it to.',
        )
      await ada.screenshot(`test-results/${driver.name}/task-board-rejected.png`)
      // It was one write, and no more.
      await expect.poll(() => switchesOn(ada), PATIENT).toBe(0)
      await rename(ada, 'Reject a write', 'Reject a wish')
      await expect.poll(() => last(theirs), PATIENT).toContain('Reject a wish')
      expect(await count(ada, '[role=alert]:not([hidden])')).toBe(0)
      expect(await steps(mine, 'Accept a write')).toEqual(['', 'Accept a write …', ''])
      expect(await steps(theirs, 'Accept a write')).toEqual([''])
      expect(await steps(theirs, 'Reject a w')).toEqual(['Reject a write', 'Reject a wish'])
    })

    it('brings two people who tick the same task to one state', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      await add(ada, 'Ring the bell')
      await both([ada, bob], 'Ring the bell')
      const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
      await Promise.all([tick(ada, 'Ring the bell'), tick(bob, 'Ring the bell')])
      for (const rows of [mine, theirs]) {
        await expect.poll(() => last(rows), PATIENT).toContain('Ring the bell ✓')
        // Nothing flickers: once ticked it stays so.
        expect(await steps(rows, 'Ring the bell')).toEqual([
          'Ring the bell',
          'Ring the bell ✓ …',
          'Ring the bell ✓',
        ])
      }
    })

    it('keeps a person who closes one of two windows, and lets go of one who closes the last', async () => {
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

    it('loses nothing to a cut, and nobody is gone meanwhile', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'looking'])
      const [people, mine] = await Promise.all([followPeople(bob), followRows(ada)])
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
    })

    it('deletes at once, and has what was not deleted after all in its old place', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      for (const name of ['One', 'Two', 'Three']) await add(bob, name)
      await both([ada, bob], 'Three')
      const before = await rowsOf(ada)
      const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
      await turn(ada, REJECT)
      await remove(ada, 'Two')
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

    it('shows only what is open to whoever wants that, in the same order', async () => {
      const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
      for (const name of ['Buy milk', 'Buy bread']) await add(ada, name)
      await both([ada, bob], 'Buy bread')
      await turn(bob, 'Open only')
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

    /** A window of a person, with the tasks in it. Any complaint of the page fails the test. */
    async function open(name: string, options: WindowOptions = {}): Promise<Page> {
      const page = await browser.open(`${demo.url}tasks/?name=${name}`, options)
      onTestFinished(async () => {
        const complaints = await ownComplaints(page)
        await page.close()
        expect(complaints).toEqual([])
      })
      await appears(page, '[data-testid=tasks][data-status=live] li')
      await appears(page, `[data-person=${name}]`)
      return page
    }
  })
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

/** The input for the title of a task. */
function title(name: string): string {
  return `[aria-label="Title: ${name}"]`
}

/** Turns a switch on, or off where it is on. */
function turn(page: Page, label: string): Promise<void> {
  return push(page, '[role=switch]', label)
}

/** How many switches are on. */
function switchesOn(page: Page): Promise<number> {
  return count(page, '[role=switch]:checked')
}

/** Waits until a task is in all windows, and nothing of it pending. */
async function both(pages: readonly Page[], name: string): Promise<void> {
  for (const page of pages) await expect.poll(() => rowsOf(page), PATIENT).toContain(name)
}

/** What a window shows of a person: how many windows they have, and what they do. */
function doing(page: Page, name: string): Promise<readonly string[]> {
  return page.evaluate(
    (selector) => [...document.querySelectorAll(selector)].map((found) => found.textContent ?? ''),
    `[data-person=${name}] :is(.windows, .doing)`,
  )
}

/** The tasks of a window at this moment, as {@link rowsShown} writes them. */
function rowsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(rowsShown)
}

/** Everything that was ever shown, of which the last is shown now. */
type Shown = () => Promise<readonly (readonly string[])[]>

/** Has the page note every state of its tasks, so that none is too short to be seen. */
function followRows(page: Page): Promise<Shown> {
  return noteChanges(page, 'rows', rowsShown)
}

/** Has the page note who was ever shown to be there. */
function followPeople(page: Page): Promise<Shown> {
  return noteChanges(page, 'people', peopleShown)
}

/** In the page: the tasks, with `✓` where they are ticked and `…` where they are pending. */
function rowsShown(): string[] {
  return [...document.querySelectorAll('.tasks li')].map((row) => {
    const label = row.querySelector('.title')?.getAttribute('aria-label') ?? ''
    const done = row.getAttribute('data-done') === 'true' ? ' ✓' : ''
    const pending = row.getAttribute('data-pending') === 'true' ? ' …' : ''
    return label.replace('Title: ', '') + done + pending
  })
}

/** In the page: who is there. */
function peopleShown(): string[] {
  const people = [...document.querySelectorAll('[data-person]')]
  return people.map((person) => person.getAttribute('data-person') ?? '')
}

async function last(shown: Shown): Promise<readonly string[]> {
  return (await shown()).at(-1) ?? []
}

/** What became of the one row whose title begins so: each thing it was, empty where it was not there. */
async function steps(shown: Shown, name: string): Promise<readonly string[]> {
  const all = await shown()
  const told = all.map((rows) => rows.filter((row) => row.startsWith(name)).join(' and '))
  return told.filter((step, at) => step !== told[at - 1])
}
