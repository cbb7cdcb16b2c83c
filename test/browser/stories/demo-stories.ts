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
  ownConsoleErrors,
  PATIENT,
  push,
  recordChanges,
  textOf,
} from './page-actions.ts'
import { startWire } from './wire.ts'

const LISTS = ['#documents-react', '#documents-svelte', '#documents-signals']
const OPENS = '[data-testid=opens]'
const PROCESS = '.process code'

/** Stories of the page that shows a recorded process and can break its connection. */
export function demoStories(browser: Browser, driver: BrowserDriver): void {
  describe('the demo', () => {
    const open = opened(browser)

    it('shows the same documents with three frameworks, and finally the recorded ones', async () => {
      const { page } = await open('')
      await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
      await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
      await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
      await page.screenshot(`test-results/${driver.name}/demo.png`)
      expect(await ownConsoleErrors(page)).toEqual([])
    })

    it('opens exactly one WebSocket', async () => {
      const { page, wire } = await open('')
      await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
      expect(wire.webSockets).toEqual(['/realtime'])
    })

    it('reconnects after a disconnect, and continues', async () => {
      const { page, wire } = await open('')
      const states = await recordStates(page)
      await push(page, 'button', 'Cut the socket')
      await expect.poll(states, PATIENT).toContain('waiting')
      await expect.poll(() => textOf(page, OPENS), PATIENT).toBe('2')
      await expect.poll(states, PATIENT).toSatisfy(endsOpen)
      await nextProcessCompletes(page)
      expect(wire.webSockets).toHaveLength(2)
      expect(wire.openWebSockets()).toBe(1)
      expect(await ownConsoleErrors(page)).toEqual([])
    })
  })
}

/** Stories of the same page that take long: each waits for processes, or breaks the connection. */
export function longDemoStories(browser: Browser, driver: BrowserDriver): void {
  describe('the demo, for longer', () => {
    const open = opened(browser)

    it('continues with the next process without a reload', async () => {
      const { page } = await open('')
      await nextProcessCompletes(page)
      expect(await ownConsoleErrors(page)).toEqual([])
    })

    it('updates the figures of the machine', async () => {
      const { page } = await open('')
      const plot = () =>
        page.evaluate(() => document.querySelector('.machine polyline')?.getAttribute('points'))
      const before = await plot()
      await expect.poll(plot, PATIENT).not.toBe(before)
    })

    it('detects a frozen network, and shows everything once it thaws', async () => {
      const { page, wire } = await open('')
      const states = await recordStates(page)
      await push(page, 'button', 'Freeze the network')
      await focus(page, 'button', 'Unfreeze the network')
      const frozenAt = wire.received()
      await expect.poll(states, PATIENT).toContain('waiting')
      expect(wire.received()).toBe(frozenAt)
      await push(page, 'button', 'Unfreeze the network')
      await expect.poll(states, PATIENT).toSatisfy(endsOpen)
      await nextProcessCompletes(page)
    })

    it('detects an offline network, and reconnects once it is online again', async () => {
      const { page, wire } = await open('')
      const states = await recordStates(page)
      wire.freeze()
      await page.setOffline(true)
      await expect.poll(states, PATIENT).toContain('offline')
      wire.thaw()
      await page.setOffline(false)
      await expect.poll(states, PATIENT).toSatisfy(endsOpen)
      await nextProcessCompletes(page)
    })

    it('reconnects after a back navigation, and leaves no socket', async () => {
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

    it('reconnects after a restart of the server, and shows the events of the outage', async () => {
      // One run with the restart in its middle: events missed then are published only once.
      const single = await startDemo({ REPLAY_SECONDS: '8', REPLAY_PAUSE_SECONDS: '600' })
      onTestFinished(() => single.stop().then(() => {}))
      const { page } = await open('', single.url)
      const states = await recordStates(page)
      const errors = await recordChanges(
        page,
        'errors',
        () => document.querySelector('.connection dd[title]')?.textContent ?? '',
      )
      const reason = driver.knowsServiceRestart ? '1012 restarting' : '1006'
      await push(page, 'button', 'Restart the server')
      await expect.poll(states, PATIENT).toContain('waiting')
      await expect.poll(errors, PATIENT).toContainEqual(expect.stringContaining(reason))
      await expect.poll(() => textOf(page, OPENS), PATIENT).toBe('2')
      await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
      expect(await ownConsoleErrors(page)).toEqual([])
      // The run is over: a page that is opened now only gets the timeline.
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
      expect(await ownConsoleErrors(page)).toEqual([])
    })

    it('exits on SIGTERM while pages are connected', async () => {
      const other = await startDemo({ REPLAY_SECONDS: '4' })
      onTestFinished(() => other.stop().then(() => {}))
      await open('', other.url)
      expect(await other.stop()).toEqual({ code: 0, signal: null })
      const { hostname, port } = new URL(other.url)
      const [error] = await once(connect(Number(port), hostname), 'error')
      expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    })
  })
}

/**
 * Serves the demo for the tests of a suite.
 *
 * @returns a function that opens a page of the demo through a wire, and waits until it shows data
 */
function opened(browser: Browser) {
  let demo: DemoProcess

  beforeAll(async () => {
    demo = await startDemo({ REPLAY_SECONDS: '3', REPLAY_PAUSE_SECONDS: '2' })
  })

  afterAll(() => demo.stop().then(() => {}))

  return async (query: string, url = demo.url) => {
    const wire = await startWire(url)
    const page = await browser.open(`${wire.url}process/${query}`, { width: 1440, height: 900 })
    onTestFinished(() => page.close())
    await appears(page, `${LISTS[0]} li`)
    await appears(page, '.machine polyline')
    return { page, wire }
  }
}

/** The texts of each row of a list: path, status, detail, progress. */
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

/** Returns the first list as path and status, sorted by path. */
function sorted([first = []]: readonly List[]): string[] {
  return first.map(([path, , status]) => `${path} ${status}`).sort()
}

/** Returns the same for the recording: the status in the newest envelope of each document. */
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

/** Records every connection state that the page shows. */
function recordStates(page: Page): Promise<() => Promise<readonly string[]>> {
  return recordChanges(
    page,
    'states',
    () => document.querySelector('[data-testid=state]')?.textContent ?? '',
  )
}

function endsOpen(states: readonly string[]): boolean {
  return states.at(-1) === 'open'
}
