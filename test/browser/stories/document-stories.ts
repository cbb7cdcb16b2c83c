import { readFile } from 'node:fs/promises'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Browser, BrowserDriver, Page } from '../driver/browser-driver.ts'
import {
  append,
  counts,
  freshness,
  isOn,
  isReady,
  openDocument,
  PEOPLE,
  panelOf,
  SIZE,
  text,
  turn,
  write,
} from './document-panels.ts'
import {
  appears,
  focus,
  ownConsoleErrors,
  PATIENT,
  push,
  recordChanges,
  textOf,
} from './page-actions.ts'

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

    it('keeps what both write in one paragraph while one has no connection', async () => {
      await turn(page, 'Cut', 'ada')
      await append(page, 'ada', 3, ' Yours, Ada.')
      await append(page, 'grace', 3, ' Yours, Grace.')
      await turn(page, 'Cut', 'ada')
      await agrees(' Yours, Ada.')
      expect(await text(page, 'ada')).toContain(' Yours, Grace.')
      expect(await counted('ada')).toMatchObject({ sent: 12, received: 26, refused: 0 })
    })

    it('prints nothing to the console', async () => {
      expect(await ownConsoleErrors(page)).toEqual([])
    })
  })
}

/** Stories of the same page beside those of an edit and of a disconnect. */
export function longDocumentStories(browser: Browser): void {
  describe('two people in one document, for longer', () => {
    const { agrees, counted, opened, restartProcess } = openDocument(browser)
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
      expect(await counted('ada')).toMatchObject({ sent: 2, received: 10, refused: 1 })
    })

    it('takes back what was written on top of a refused edit, too', async () => {
      await write(page, 'grace', 2, 'Before')
      await agrees('Before')
      await turn(page, 'Cut', 'ada')
      await turn(page, 'Reject', 'ada')
      await append(page, 'ada', 2, '123')
      await turn(page, 'Cut', 'ada')
      await expect.poll(() => counted('ada'), PATIENT).toMatchObject({ sent: 3, refused: 3 })
      await agrees('Before')
      expect(await text(page, 'ada')).not.toContain('123')
      expect(await textOf(page, '[data-testid=ada] .notice')).toBe(
        'Refused, and taken back: the switch “Reject” was on.',
      )
      await expect.poll(() => isOn(page, 'Reject', 'ada'), PATIENT).toBe(false)
    })

    it('has the browser ask before it leaves while there are edits that are not saved', async () => {
      const isAsked = () =>
        page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })))
      expect(await isAsked()).toBe(false)
      await turn(page, 'Cut', 'grace')
      await write(page, 'grace', 3, 'Not saved')
      expect(await isAsked()).toBe(true)
      await turn(page, 'Cut', 'grace')
      await agrees('Not saved')
      expect(await isAsked()).toBe(false)
    })

    it('keeps what two write in one paragraph at the same time, on a slow network', async () => {
      await write(page, 'ada', 2, 'From here: ')
      await agrees('From here: ')
      await turn(page, 'Slow', 'both')
      for (let turns = 0; turns < 10; turns++) {
        await append(page, 'ada', 2, 'a')
        await append(page, 'grace', 2, 'g')
      }
      await agrees('From here: ')
      const [, written = ''] = (await text(page, 'ada')).split('From here: ')
      const first = [...written].slice(0, 20)
      expect(first.sort().join('')).toBe('a'.repeat(10) + 'g'.repeat(10))
      await turn(page, 'Slow', 'both')
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
        // Without the tag between script and markup.
        expect(sources[at]?.replace('</script>\n', '').endsWith(`\n${lines}\n`)).toBe(true)
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

    // Last: the browser itself prints that the server does not answer.
    it('begins anew, and says so, when the process of the server was started again', async () => {
      await write(page, 'ada', 2, 'Forgotten')
      await agrees('Forgotten')
      await turn(page, 'Cut', 'ada')
      await restartProcess()
      await expect.poll(() => isOn(page, 'Cut', 'ada'), PATIENT).toBe(false)
      await expect.poll(() => textOf(page, '[data-testid=anew]'), PATIENT).toMatch('begin anew')
      for (const who of PEOPLE) {
        await expect.poll(() => text(page, who), PATIENT).not.toMatch('Forgotten')
        const { sent, received, lost, twice } = await counts(page, who)
        expect([sent, received, lost, twice]).toEqual([0, 0, 0, 0])
      }
      expect(await textOf(page, '[data-testid=edits]')).toBe('0')
    })
  })
}

/** Runs in the page: returns the name of the focused element. */
function focusedName(): string {
  const focused = document.activeElement
  return focused?.getAttribute('aria-label') ?? focused?.textContent ?? ''
}
