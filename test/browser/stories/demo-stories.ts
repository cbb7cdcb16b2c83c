import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { recordedEnvelopes } from '../../replay/recording.ts'
import type { Browser, BrowserDriver, Page } from '../driver/browser-driver.ts'
import type { DemoProcess } from './demo-process.ts'
import { startDemo } from './demo-process.ts'
import {
  appears,
  focus,
  noteChanges,
  ownComplaints,
  PATIENT,
  push,
  textOf,
} from './page-actions.ts'
import { layWire } from './wire.ts'

const LISTS = ['#documents-react', '#documents-svelte', '#documents-signals']
const OPENS = '[data-testid=opens]'
const PROCESS = '.process code'

/** The page that shows a recorded process, and ways to break its connection. */
export function demoStories(browser: Browser, driver: BrowserDriver): void {
  describe('the demo', () => {
    let demo: DemoProcess

    beforeAll(async () => {
      demo = await startDemo({ REPLAY_SECONDS: '3', REPLAY_PAUSE_SECONDS: '2' })
    })

    afterAll(() => demo.stop().then(() => {}))

    it('draws the same documents with three frameworks, in the end as recorded', async () => {
      const { page } = await open('')
      await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
      await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
      await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
      await page.screenshot(`test-results/${driver.name}/demo.png`)
      expect(await ownComplaints(page)).toEqual([])
    })

    it('goes on with the next process without being loaded again', async () => {
      const { page } = await open('')
      await nextProcessCompletes(page)
      expect(await ownComplaints(page)).toEqual([])
    })

    it('shows the figures of the machine as they change', async () => {
      const { page } = await open('')
      const plot = () =>
        page.evaluate(() => document.querySelector('.machine polyline')?.getAttribute('points'))
      const before = await plot()
      await expect.poll(plot, PATIENT).not.toBe(before)
    })

    it('opens exactly one WebSocket', async () => {
      const { page, wire } = await open('')
      await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
      expect(wire.webSockets).toEqual(['/realtime'])
    })

    it('comes back after a cut and goes on', async () => {
      const { page, wire } = await open('')
      const states = await noteStates(page)
      await push(page, 'button', 'Cut the socket')
      await expect.poll(states, PATIENT).toContain('waiting')
      await expect.poll(() => textOf(page, OPENS), PATIENT).toBe('2')
      await expect.poll(states, PATIENT).toSatisfy(endsOpen)
      await nextProcessCompletes(page)
      expect(wire.webSockets).toHaveLength(2)
      expect(wire.openWebSockets()).toBe(1)
      expect(await ownComplaints(page)).toEqual([])
    })

    it('notices by itself that the network is frozen, and shows everything once it thaws', async () => {
      const { page, wire } = await open('')
      const states = await noteStates(page)
      await push(page, 'button', 'Freeze the network')
      await focus(page, 'button', 'Unfreeze the network')
      const frozenAt = wire.received()
      await expect.poll(states, PATIENT).toContain('waiting')
      expect(wire.received()).toBe(frozenAt)
      await push(page, 'button', 'Unfreeze the network')
      await expect.poll(states, PATIENT).toSatisfy(endsOpen)
      await nextProcessCompletes(page)
    })

    it('finds a network that was taken away, and is back once it returns', async () => {
      const { page, wire } = await open('')
      const states = await noteStates(page)
      wire.freeze()
      await page.setOffline(true)
      await expect.poll(states, PATIENT).toContain('offline')
      wire.thaw()
      await page.setOffline(false)
      await expect.poll(states, PATIENT).toSatisfy(endsOpen)
      await nextProcessCompletes(page)
    })

    it('is open again where it is come back to, and leaves no socket behind', async () => {
      const { page, wire } = await open('')
      await page.evaluate(() => {
        addEventListener('pageshow', ({ persisted }) => {
          Reflect.set(globalThis, 'isKept', persisted)
        })
      })
      await page.goto('about:blank')
      await expect.poll(() => wire.openWebSockets(), PATIENT).toBe(0)
      await page.back()
      const opens = driver.keepsConnectedPages ? '2' : '1'
      await expect.poll(() => textOf(page, OPENS), PATIENT).toBe(opens)
      const isKept = await page.evaluate(() => Reflect.get(globalThis, 'isKept') === true)
      expect(isKept).toBe(driver.keepsConnectedPages)
      await expect.poll(() => textOf(page, '[data-testid=state]'), PATIENT).toBe('open')
      await nextProcessCompletes(page)
      expect(wire.webSockets).toEqual(['/realtime', '/realtime'])
      expect(wire.openWebSockets()).toBe(1)
    })

    it('comes back after a restart of the server and shows what happened meanwhile', async () => {
      // One run, of which the restart takes the middle: what is missed then is published only once.
      const single = await startDemo({ REPLAY_SECONDS: '8', REPLAY_PAUSE_SECONDS: '600' })
      onTestFinished(() => single.stop().then(() => {}))
      const { page } = await open('', single.url)
      const states = await noteStates(page)
      const errors = await noteChanges(
        page,
        'errors',
        () => document.querySelector('.connection dd[title]')?.textContent ?? '',
      )
      const goodbye = driver.knowsServiceRestart ? '1012 restarting' : '1006'
      await push(page, 'button', 'Restart the server')
      await expect.poll(states, PATIENT).toContain('waiting')
      await expect.poll(errors, PATIENT).toContainEqual(expect.stringContaining(goodbye))
      await expect.poll(() => textOf(page, OPENS), PATIENT).toBe('2')
      await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
      expect(await ownComplaints(page)).toEqual([])
      // The run is over: a page that is opened now only has the timeline.
      const late = await open('', single.url)
      await expect.poll(() => lists(late.page).then(sorted), PATIENT).toEqual(recordedDocuments())
      await expect.poll(() => lists(late.page), PATIENT).toEqual(await lists(page))
      const gateway = await open('?dialect=duui', single.url)
      await expect
        .poll(() => lists(gateway.page).then(sorted), PATIENT)
        .toEqual(recordedDocuments())
    })

    it('reads the same process from the socket of a gateway', async () => {
      const { page, wire } = await open('?dialect=duui')
      await nextProcessCompletes(page)
      await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
      const paths = wire.webSockets
      expect(paths.filter((path) => path === '/realtime')).toHaveLength(1)
      expect(paths.some((path) => /^\/ws\/processes\/[^/]+\/events$/.test(path))).toBe(true)
      expect(await ownComplaints(page)).toEqual([])
    })

    it('ends at a SIGTERM while pages are connected', async () => {
      const other = await startDemo({ REPLAY_SECONDS: '4' })
      onTestFinished(() => other.stop().then(() => {}))
      await open('', other.url)
      expect(await other.stop()).toEqual({ code: 0, signal: null })
      const { hostname, port } = new URL(other.url)
      const [error] = await once(connect(Number(port), hostname), 'error')
      expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    })

    /** A page of the demo that is connected, and the wire in between. */
    async function open(query: string, url = demo.url) {
      const wire = await layWire(url)
      const page = await browser.open(wire.url + query, { width: 1440, height: 900 })
      onTestFinished(() => page.close())
      await appears(page, `${LISTS[0]} li`)
      await appears(page, '.machine polyline')
      return { page, wire }
    }
  })
}

/** What each row of a list says: path, status, detail, progress. */
type List = readonly (readonly string[])[]

async function lists(page: Page): Promise<readonly List[]> {
  return page.evaluate(
    (hosts) =>
      hosts.map((host) =>
        [...document.querySelectorAll(`${host} li`)].map((row) => [
          row.getAttribute('title') ?? '',
          ...[...row.querySelectorAll('span')].map((span) => span.textContent ?? ''),
          String(row.querySelector('progress')?.value),
        ]),
      ),
    LISTS,
  )
}

function agree([first, ...others]: readonly List[]): boolean {
  const text = JSON.stringify(first)
  return (
    first !== undefined && first.length > 0 && others.every((list) => JSON.stringify(list) === text)
  )
}

/** The first list as path and status, in the order of the paths. */
function sorted([first = []]: readonly List[]): string[] {
  return first.map(([path, , status]) => `${path} ${status}`).sort()
}

/** The same of the recording: of every document the status that its newest envelope tells. */
function recordedDocuments(): string[] {
  const newest = new Map<string, { readonly at: number; readonly status: string }>()
  for (const { timestamp: at, event } of recordedEnvelopes()) {
    const { context } = event
    const process = context.kind === 'DocumentComponentProcessContext' ? context.document : context
    const document = process.kind === 'DocumentProcessContext' ? process.document : process
    if (document.kind !== 'DocumentContext') continue
    const { path, status } = document
    if (at >= (newest.get(path)?.at ?? 0)) newest.set(path, { at, status })
  }
  return Array.from(newest, ([path, { status }]) => `${path} ${status}`).sort()
}

async function nextProcessCompletes(page: Page): Promise<void> {
  const before = await textOf(page, PROCESS)
  await expect.poll(() => textOf(page, PROCESS), PATIENT).not.toBe(before)
  await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
}

/** Has the page note every state that it shows. */
function noteStates(page: Page): Promise<() => Promise<readonly string[]>> {
  return noteChanges(
    page,
    'states',
    () => document.querySelector('[data-testid=state]')?.textContent ?? '',
  )
}

function endsOpen(states: readonly string[]): boolean {
  return states.at(-1) === 'open'
}
