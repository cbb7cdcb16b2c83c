import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Browser, BrowserDriver, Page } from '../driver/browser-driver.ts'
import type { DemoProcess } from './demo-process.ts'
import { startDemo } from './demo-process.ts'
import {
  appears,
  focus,
  ownConsoleErrors,
  PATIENT,
  push,
  recordChanges,
  textOf,
} from './page-actions.ts'

const PEOPLE = ['ada', 'grace'] as const
const SIZE = { width: 1280, height: 900 }

type Who = (typeof PEOPLE)[number]

/** Stories of the page on which two people edit one document, and can break their network. */
export function documentStories(browser: Browser, driver: BrowserDriver): void {
  describe('two people in one document', () => {
    const { agrees, counted, opened } = openDocument(browser)
    let page: Page

    beforeEach(() => {
      page = opened().page
    })

    it('shows in each panel what is typed in the other, and where', async () => {
      await write(page, 'ada', 2, 'Written by Ada. ')
      await write(page, 'grace', 3, 'Written by Grace. ')
      await agrees('Written by Ada. Written by Grace. ')
      await appears(page, '[data-testid=ada] li:nth-child(3) .cursor[data-name=Grace]')
      await appears(page, '[data-testid=grace] li:nth-child(2) .cursor[data-name=Ada]')
      expect(await counted('ada')).toMatchObject({ sent: 16, replayed: 0 })
      expect(await counted('grace')).toMatchObject({ sent: 18, replayed: 0 })
      await page.screenshot(`test-results/${driver.name}/document.png`)
    })

    it.each(PEOPLE)('sends and replays what both write while %s has no connection', async (cut) => {
      const other = cut === 'ada' ? 'grace' : 'ada'
      await turn(page, 'Cut', cut)
      await expect.poll(() => freshness(page, cut), PATIENT).toMatch(/^Stale: as of \d/)
      await write(page, cut, 2, `Offline ${cut}, `)
      await write(page, other, 3, `online ${other}`)
      const unsaved = `${`Offline ${cut}, `.length} edits not saved yet`
      await expect.poll(() => freshness(page, cut), PATIENT).toMatch(unsaved)
      expect(await text(page, other)).not.toMatch(`Offline ${cut}`)
      expect(await text(page, cut)).not.toMatch(`online ${other}`)
      await page.screenshot(`test-results/${driver.name}/document-cut-${cut}.png`)
      await turn(page, 'Cut', cut)
      await agrees(`Offline ${cut}, online ${other}`)
      const missed = `online ${other}`.length
      expect((await counted(cut)).replayed).toBeGreaterThanOrEqual(missed)
      expect((await counted(other)).replayed).toBe(0)
    })

    it('prints nothing to the console', async () => {
      expect(await ownConsoleErrors(page)).toEqual([])
    })
  })
}

/** Stories of the same page beside those of an edit and of a disconnect. */
export function longDocumentStories(browser: Browser): void {
  describe('two people in one document, for longer', () => {
    const { agrees, counted, opened } = openDocument(browser)
    let page: Page

    beforeEach(() => {
      page = opened().page
    })

    it.each(PEOPLE)(
      'keeps the cursor of %s while another edits the same paragraph',
      async (who) => {
        const elsewhere = await browser.open(opened().url, SIZE)
        onTestFinished(() => elsewhere.close())
        await isReady(elsewhere)
        await write(page, who, 2, 'abc')
        await agrees('abc')
        await page.evaluate((panel) => {
          const area = document.querySelectorAll<HTMLTextAreaElement>(`${panel} textarea`)[1]
          area?.focus()
          area?.setSelectionRange(1, 1)
        }, panelOf(who))
        await write(elsewhere, who === 'ada' ? 'grace' : 'ada', 2, 'abcd')
        await agrees('abcd')
        await page.activate()
        await page.type('xy')
        await agrees('axybcd')
      },
    )

    it('shows a frozen network as stale, and catches up once it thaws', async () => {
      await turn(page, 'Freeze', 'grace')
      await write(page, 'ada', 2, 'To a frozen panel, ')
      await write(page, 'grace', 3, 'from a frozen panel')
      await expect.poll(() => freshness(page, 'grace'), PATIENT).toMatch(/^Stale: as of \d/)
      expect(await text(page, 'grace')).not.toMatch('To a frozen panel')
      await turn(page, 'Freeze', 'grace')
      await agrees('To a frozen panel, from a frozen panel')
    })

    it('loses nothing that is written before and during a restart of the server', async () => {
      await turn(page, 'Cut', 'grace')
      await write(page, 'ada', 2, 'Before. ')
      await expect.poll(() => freshness(page, 'ada'), PATIENT).toBe('Up to date')
      await push(page, 'button', 'Restart the server')
      await expect.poll(() => freshness(page, 'ada'), PATIENT).toMatch(/^Stale: as of \d/)
      await write(page, 'ada', 2, 'Ada, meanwhile. ')
      await write(page, 'grace', 3, 'Grace, meanwhile. ')
      await turn(page, 'Cut', 'grace')
      await agrees('Ada, meanwhile. Grace, meanwhile. ')
      expect((await counted('grace')).replayed).toBeGreaterThanOrEqual('Before. '.length)
    })

    it('shows an edit at once on a slow network, and as not saved until the server has it', async () => {
      await write(page, 'ada', 2, 'Fast')
      await agrees('Fast')
      const shown = await recordChanges(page, 'slow', () => {
        const row = document.querySelector<HTMLElement>('[data-testid=ada] li:nth-child(2)')
        // The text ends with a space of no width.
        const text = row?.querySelector('.behind')?.textContent?.replaceAll('\u200B', '').trim()
        return `${text}${row?.dataset.pending === 'true' ? ' …' : ''}`
      })
      await turn(page, 'Slow', 'both')
      await write(page, 'ada', 2, 'Slow')
      await agrees('Slow')
      expect(await shown()).toContain('Slow …')
      await turn(page, 'Slow', 'both')
    })

    it('takes back an edit that the server refuses, and accepts the next one', async () => {
      await write(page, 'grace', 2, 'Accepted.')
      await agrees('Accepted.')
      await turn(page, 'Reject', 'ada')
      await write(page, 'ada', 2, '!')
      await expect
        .poll(() => textOf(page, '[data-testid=ada] .notice'), PATIENT)
        .toBe('Refused, and taken back: the switch “Reject” was on.')
      await agrees('Accepted.')
      await write(page, 'ada', 2, '?')
      await agrees('?')
      expect(await counted('ada')).toMatchObject({ sent: 2 })
    })

    it('is used by keyboard alone, in the order in which it is read', async () => {
      await focus(page, 'nav a', 'A task board, shared')
      const passed: string[] = []
      while (passed.at(-1) !== 'Lines of grace-document.svelte' && passed.length < 40) {
        await page.press('Tab')
        const name = await page.evaluate(focusedName)
        passed.push(name)
        if (name === 'Cut: Ada') {
          await page.press('Space')
          await expect.poll(() => freshness(page, 'ada'), PATIENT).toMatch(/^Stale/)
          await page.press('Space')
        }
      }
      expect(passed).toEqual([
        ...['Paragraph 1', 'Paragraph 2', 'Paragraph 3'],
        ...['Cut', 'Freeze', 'Slow', 'Reject'].flatMap((name) =>
          ['Ada', 'both', 'Grace'].map((who) => `${name}: ${who}`),
        ),
        'Restart the server',
        ...['Paragraph 1', 'Paragraph 2', 'Paragraph 3'],
        ...['Lines of ada-document.tsx', 'Lines of grace-document.svelte'],
      ])
    })

    it('shows the lines of the files that draw the panels', async () => {
      const shown = await page.evaluate(() =>
        [...document.querySelectorAll('pre')].map((code) => code.textContent ?? ''),
      )
      const files = ['ada-document.tsx', 'grace-document.svelte']
      const folder = 'examples/document-page/views/'
      const sources = await Promise.all(files.map((name) => readFile(folder + name, 'utf8')))
      for (const [at, lines] of shown.entries()) {
        expect(lines.split('\n').length).toBeLessThanOrEqual(12)
        expect(sources[at]?.endsWith(`\n${lines}\n`)).toBe(true)
      }
    })

    it('draws the state, the round trip and the throughput of both', async () => {
      await appears(page, '.timeline canvas')
      await write(page, 'ada', 2, 'Measured')
      await agrees('Measured')
      for (const nth of [6, 7]) {
        const legend = `.page > :nth-child(${nth}) [data-series`
        await expect.poll(() => textOf(page, `${legend}=state] dd`), PATIENT).toBe('open')
        await expect.poll(() => textOf(page, `${legend}=rtt] dd`), PATIENT).toMatch(/^\d+ ms$/)
      }
    })

    it('prints nothing to the console', async () => {
      expect(await ownConsoleErrors(page)).toEqual([])
    })
  })
}

/** Opens the page for the tests of a suite, and counts its edits from the start of each test. */
function openDocument(browser: Browser) {
  let demo: DemoProcess
  let page: Page
  /** What each panel had counted, and the server, before a test. */
  let before: Readonly<Record<Who, Counts>>
  let madeBefore = 0

  beforeAll(async () => {
    demo = await startDemo({})
    page = await browser.open(demo.url, SIZE)
  })

  beforeEach(async () => {
    await isReady(page)
    before = { ada: await counts(page, 'ada'), grace: await counts(page, 'grace') }
    madeBefore = await made()
  })

  afterAll(async () => {
    await demo.stop()
    await page.close()
  })

  /**
   * Waits until both panels show the second and the third paragraph with these texts, and have
   * received every edit that the server has made: none was lost, and none came twice.
   */
  async function agrees(written: string): Promise<void> {
    for (const who of PEOPLE) {
      await expect.poll(() => text(page, who), PATIENT).toContain(written)
      await expect.poll(() => freshness(page, who), PATIENT).toBe('Up to date')
    }
    const received = (await made()) - madeBefore
    for (const who of PEOPLE) {
      await expect.poll(() => counted(who), PATIENT).toMatchObject({ received, lost: 0, twice: 0 })
    }
    expect(await text(page, 'ada')).toBe(await text(page, 'grace'))
  }

  /** Returns what a panel has counted since the test began. */
  async function counted(who: Who): Promise<Counts> {
    const now = await counts(page, who)
    const { sent, received, replayed } = before[who]
    return {
      ...now,
      sent: now.sent - sent,
      received: now.received - received,
      replayed: now.replayed - replayed,
    }
  }

  /** Returns the number of edits that the server has made. */
  async function made(): Promise<number> {
    const response = await fetch(`${demo.url}document/edits`)
    return ((await response.json()) as { edits: number }).edits
  }

  return { agrees, counted, opened: () => ({ page, url: demo.url }) }
}

/** Waits until both panels are up to date. */
async function isReady(page: Page): Promise<void> {
  for (const who of PEOPLE) {
    await appears(page, `${panelOf(who)} [data-status=live] textarea`)
    await expect.poll(() => freshness(page, who), PATIENT).toBe('Up to date')
  }
}

function panelOf(who: Who): string {
  return `[data-testid=${who}]`
}

/** Replaces a paragraph, key by key. */
async function write(page: Page, who: Who, paragraph: number, written: string): Promise<void> {
  const selector = `${panelOf(who)} li:nth-child(${paragraph}) textarea`
  await focus(page, selector)
  await page.evaluate(
    (area) => document.querySelector<HTMLTextAreaElement>(area)?.select(),
    selector,
  )
  await page.type(written)
}

/** Turns a switch, and waits until it is turned. */
async function turn(page: Page, name: string, who: Who | 'both'): Promise<void> {
  const label = who === 'both' ? who : who.replace(/^./, (letter) => letter.toUpperCase())
  const selector = `[aria-label="${name}: ${label}"]`
  const isOn = () =>
    page.evaluate((box) => document.querySelector<HTMLInputElement>(box)?.checked, selector)
  const was = await isOn()
  await push(page, selector)
  await expect.poll(isOn, PATIENT).toBe(!was)
}

/** Returns the second and the third paragraph of a panel. */
function text(page: Page, who: Who): Promise<string> {
  return page.evaluate(
    (areas) =>
      [...document.querySelectorAll<HTMLTextAreaElement>(areas)].map(({ value }) => value).join(''),
    `${panelOf(who)} li:nth-child(n + 2) textarea`,
  )
}

async function freshness(page: Page, who: Who): Promise<string> {
  return (await textOf(page, `${panelOf(who)} [data-testid=freshness]`)) ?? ''
}

interface Counts {
  readonly sent: number
  readonly received: number
  readonly replayed: number
  readonly lost: number
  readonly twice: number
}

/** Returns the counters of a panel. */
function counts(page: Page, who: Who): Promise<Counts> {
  return page.evaluate((panel) => {
    const count = (name: string) =>
      Number(document.querySelector(`${panel} [data-testid=${name}]`)?.textContent)
    return {
      sent: count('sent'),
      received: count('received'),
      replayed: count('replayed'),
      lost: count('lost'),
      twice: count('twice'),
    }
  }, panelOf(who))
}

/** Runs in the page: returns the name of the focused element. */
function focusedName(): string {
  const focused = document.activeElement
  return focused?.getAttribute('aria-label') ?? focused?.textContent ?? ''
}
