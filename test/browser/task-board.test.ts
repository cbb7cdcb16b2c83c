import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { launchChromium } from './chromium.ts'
import type { DemoProcess } from './demo-process.ts'
import { startDemo } from './demo-process.ts'

/** Nothing here is in a hurry: the machine may be busy, and Chromium slows down attempts to connect. */
const PATIENT = { timeout: 30_000, interval: 25 }

const browser = await launchChromium()

describe.runIf(browser)('the task board, in two windows', () => {
  let demo: DemoProcess

  beforeAll(async () => {
    demo = await startDemo({})
  })

  afterAll(async () => {
    await demo.stop()
    await browser?.close()
  })

  it('shows who is here and what they are doing, and links to the other page', async () => {
    const [ada, bob] = await Promise.all([open('Ada'), open('Bob', { colorScheme: 'dark' })])
    await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'looking'])
    await expect.poll(() => doing(ada, 'Bob'), PATIENT).toEqual(['1 window', 'looking'])
    await title(ada, 'Tick a task off').focus()
    await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'editing #2'])
    await bob.screenshot({ path: 'test-results/task-board-dark.png', fullPage: true })
    await title(ada, 'Tick a task off').blur()
    await expect.poll(() => doing(bob, 'Ada'), PATIENT).toEqual(['1 window', 'looking'])
    await ada.getByRole('link', { name: 'A process, live' }).click()
    await ada.getByRole('link', { name: 'A task board, shared' }).click()
    // The same window is still the same person.
    await expect.poll(() => ada.getByTestId('person').textContent(), PATIENT).toBe('Ada')
  })

  it('shows a new task at once where it was added, marked until the server has it', async () => {
    const [ada, bob] = await Promise.all([open('Ada'), open('Bob')])
    const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
    await add(ada, 'Water the plants')
    await expect.poll(() => last(mine), PATIENT).toContain('Water the plants …')
    await ada.screenshot({ path: 'test-results/task-board-pending.png', fullPage: true })
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
    const [ada, bob] = await Promise.all([
      open('Ada', { viewport: { width: 390, height: 844 } }),
      open('Bob'),
    ])
    const [mine, theirs] = await Promise.all([followRows(ada), followRows(bob)])
    const reject = ada.getByLabel('Reject the next write')
    await reject.check()
    await rename(ada, 'Reject a write', 'Accept a write')
    await expect.poll(() => last(mine), PATIENT).toContain('Accept a write …')
    await expect.poll(() => last(mine), PATIENT).toContain('Reject a write')
    await expect
      .poll(() => ada.getByRole('alert').textContent(), PATIENT)
      .toBe('“Reject a write” was not changed: the server rejected this write, as you asked it to.')
    await ada.screenshot({ path: 'test-results/task-board-rejected.png', fullPage: true })
    // It was one write, and no more.
    await expect.poll(() => reject.isChecked(), PATIENT).toBe(false)
    await rename(ada, 'Reject a write', 'Reject a wish')
    await expect.poll(() => last(theirs), PATIENT).toContain('Reject a wish')
    expect(await ada.getByRole('alert').count()).toBe(0)
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
    await ada.getByRole('button', { name: 'Cut the connection' }).click()
    await add(ada, 'Added meanwhile')
    await add(bob, 'Added elsewhere')
    await expect.poll(() => ada.getByTestId('opens').textContent(), PATIENT).toBe('2')
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
    await ada.getByLabel('Reject the next write').check()
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
    await bob.getByLabel('Open only').check()
    await tick(bob, 'Buy milk')
    await expect.poll(() => rowsOf(bob), PATIENT).not.toContainEqual(expect.stringMatching('milk'))
    await expect.poll(() => rowsOf(ada), PATIENT).toContain('Buy milk ✓')
    await tick(ada, 'Buy milk')
    await expect
      .poll(() => rowsOf(bob).then((rows) => rows.slice(-2)), PATIENT)
      .toEqual(['Buy milk', 'Buy bread'])
  })

  /** A window of a person, with the tasks in it. Whatever goes wrong in it fails the test. */
  async function open(name: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (browser as Browser).newPage({
      viewport: { width: 960, height: 720 },
      ...options,
    })
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    onTestFinished(async () => {
      await page.close()
      expect(complaints).toEqual([])
    })
    await page.goto(`${demo.url}tasks/?name=${name}`)
    await page.locator('[data-testid=tasks][data-status=live] li').first().waitFor()
    await page.locator(`[data-person=${name}]`).waitFor()
    return page
  }
})

async function add(page: Page, name: string): Promise<void> {
  await page.getByLabel('New task').fill(name)
  await page.getByLabel('New task').press('Enter')
}

async function rename(page: Page, from: string, to: string): Promise<void> {
  const input = title(page, from)
  await input.fill(to)
  await input.press('Enter')
}

function tick(page: Page, name: string): Promise<void> {
  return page.getByLabel(`Done: ${name}`, { exact: true }).click()
}

function remove(page: Page, name: string): Promise<void> {
  return page.getByLabel(`Delete: ${name}`, { exact: true }).click()
}

function title(page: Page, name: string): Locator {
  return page.getByLabel(`Title: ${name}`, { exact: true })
}

/** Waits until a task is in all windows, and nothing of it pending. */
async function both(pages: readonly Page[], name: string): Promise<void> {
  for (const page of pages) await expect.poll(() => rowsOf(page), PATIENT).toContain(name)
}

/** What a window tells of a person: how many windows they have, and what they do. */
function doing(page: Page, name: string): Promise<readonly string[]> {
  return page.locator(`[data-person=${name}] :is(.windows, .doing)`).allTextContents()
}

/** The tasks of a window at this moment, as {@link rowsShown} writes them. */
function rowsOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(rowsShown)
}

/** Everything that was ever shown, of which the last is shown now. */
type Shown = () => Promise<readonly (readonly string[])[]>

/** Has the page note every state of its tasks, so that none is too short to be seen. */
function followRows(page: Page): Promise<Shown> {
  return follow(page, rowsShown)
}

/** Has the page note who was ever shown to be there. */
function followPeople(page: Page): Promise<Shown> {
  return follow(page, peopleShown)
}

async function follow(page: Page, look: () => string[]): Promise<Shown> {
  const noted = await page.evaluateHandle((source) => {
    const read: () => string[] = new Function(`return (${source})()`) as () => string[]
    const all = [read()]
    const note = (): void => {
      const now = read()
      if (JSON.stringify(now) !== JSON.stringify(all.at(-1))) all.push(now)
    }
    const whatever = { attributes: true, childList: true, subtree: true }
    new MutationObserver(note).observe(document.body, whatever)
    return all
  }, String(look))
  return () => noted.jsonValue()
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
