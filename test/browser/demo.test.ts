import { once } from 'node:events'
import { connect } from 'node:net'
import type { Browser, Page, WebSocket } from 'playwright'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { recordedEnvelopes } from '../replay/recording.ts'
import { launchChromium } from './chromium.ts'
import type { DemoProcess } from './demo-process.ts'
import { startDemo } from './demo-process.ts'

const LISTS = ['#documents-react', '#documents-svelte', '#documents-signals']
/** Nothing here is in a hurry: Chromium itself slows down repeated attempts to connect. */
const PATIENT = { timeout: 30_000, interval: 50 }

const browser = await launchChromium()

describe.runIf(browser)('the demo in a browser', () => {
  let demo: DemoProcess

  beforeAll(async () => {
    demo = await startDemo({ REPLAY_SECONDS: '3', REPLAY_PAUSE_SECONDS: '2' })
  })

  afterAll(async () => {
    await demo.stop()
    await browser?.close()
  })

  it('draws the same documents with three frameworks, in the end as recorded', async () => {
    const { page, complaints } = await open('')
    await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
    await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
    await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
    await page.screenshot({ path: 'test-results/demo.png', fullPage: true })
    expect(complaints).toEqual([])
  })

  it('goes on with the next process without being loaded again', async () => {
    const { page, complaints } = await open('')
    const first = await page.locator('.process code').textContent()
    await expect.poll(() => page.locator('.process code').textContent(), PATIENT).not.toBe(first)
    await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
    expect(complaints).toEqual([])
  })

  it('shows the figures of the machine as they change', async () => {
    const { page } = await open('')
    const plot = page.locator('.machine polyline').first()
    const before = await plot.getAttribute('points')
    await expect.poll(() => plot.getAttribute('points'), PATIENT).not.toBe(before)
  })

  it('opens exactly one WebSocket', async () => {
    const { page, sockets } = await open('')
    await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
    expect(sockets.map(pathOf)).toEqual(['/realtime'])
  })

  it('comes back after a cut and goes on', async () => {
    const { page, sockets, complaints } = await open('')
    const states = await followStates(page)
    await page.getByRole('button', { name: 'Cut the socket' }).click()
    await expect.poll(states, PATIENT).toContain('waiting')
    await expect.poll(() => page.getByTestId('opens').textContent(), PATIENT).toBe('2')
    expect((await states()).at(-1)).toBe('open')
    await nextProcessCompletes(page)
    expect(sockets).toHaveLength(2)
    expect(complaints).toEqual([])
  })

  it('notices by itself that the network is frozen, and shows everything once it thaws', async () => {
    const { page, sockets } = await open('')
    const states = await followStates(page)
    let received = 0
    sockets[0]?.on('framereceived', () => {
      received += 1
    })
    await page.getByRole('button', { name: 'Freeze the network' }).click()
    await page.getByRole('button', { name: 'Unfreeze the network' }).waitFor()
    const frozenAt = received
    await expect.poll(states, PATIENT).toContain('waiting')
    expect(received).toBe(frozenAt)
    await page.getByRole('button', { name: 'Unfreeze the network' }).click()
    await expect.poll(() => states().then((all) => all.at(-1)), PATIENT).toBe('open')
    await nextProcessCompletes(page)
  })

  it('finds a network that Chromium has taken away, and is back once it returns', async () => {
    const { page } = await open('')
    const states = await followStates(page)
    // The socket stays OPEN, and nothing gets through any more.
    await page.context().setOffline(true)
    await expect.poll(states, PATIENT).toContain('offline')
    await page.context().setOffline(false)
    await expect.poll(() => states().then((all) => all.at(-1)), PATIENT).toBe('open')
    await nextProcessCompletes(page)
  })

  it('comes back after a restart of the server and shows what happened meanwhile', async () => {
    // One run, of which the restart takes the middle: what is missed then is told by nobody again.
    const single = await startDemo({ REPLAY_SECONDS: '8', REPLAY_PAUSE_SECONDS: '600' })
    onTestFinished(() => single.stop().then(() => {}))
    const { page, complaints } = await open('', single.url)
    const states = await followStates(page)
    await page.getByRole('button', { name: 'Restart the server' }).click()
    await expect.poll(states, PATIENT).toContain('waiting')
    await page.getByText('closed with 1012 restarting').waitFor()
    await expect.poll(() => page.getByTestId('opens').textContent(), PATIENT).toBe('2')
    await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
    expect(complaints.filter(isOurs)).toEqual([])
    // The run is over: whoever comes now only has the timeline.
    const late = await open('', single.url)
    await expect.poll(() => lists(late.page).then(sorted), PATIENT).toEqual(recordedDocuments())
    await expect.poll(() => lists(late.page), PATIENT).toEqual(await lists(page))
    const gateway = await open('?dialect=duui', single.url)
    await expect.poll(() => lists(gateway.page).then(sorted), PATIENT).toEqual(recordedDocuments())
  })

  it('reads the same process from the socket of a gateway', async () => {
    const { page, sockets, complaints } = await open('?dialect=duui')
    await nextProcessCompletes(page)
    await expect.poll(() => lists(page).then(agree), PATIENT).toBe(true)
    const paths = sockets.map(pathOf)
    expect(paths.filter((path) => path === '/realtime')).toHaveLength(1)
    expect(paths.some((path) => /^\/ws\/processes\/[^/]+\/events$/.test(path))).toBe(true)
    expect(complaints.filter(isOurs)).toEqual([])
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

  /** A page of the demo that is connected, its sockets, and what went wrong on it. */
  async function open(query: string, url = demo.url) {
    const page = await (browser as Browser).newPage({ viewport: { width: 1440, height: 900 } })
    const sockets: WebSocket[] = []
    const complaints: string[] = []
    page.on('websocket', (socket) => sockets.push(socket))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    onTestFinished(() => page.close())
    await page.goto(url + query)
    await page.locator(`${LISTS[0]} li`).first().waitFor()
    await page.locator('.machine polyline').first().waitFor()
    return { page, sockets, complaints }
  }
})

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
  const before = await page.locator('.process code').textContent()
  await expect.poll(() => page.locator('.process code').textContent(), PATIENT).not.toBe(before)
  await expect.poll(() => lists(page).then(sorted), PATIENT).toEqual(recordedDocuments())
}

/** Has the page note every state it shows, so that none is too short to be seen. */
async function followStates(page: Page): Promise<() => Promise<string[]>> {
  const noted = await page.evaluateHandle(() => {
    const states: string[] = []
    const shown = document.querySelector('[data-testid=state]')
    new MutationObserver(() => states.push(shown?.textContent ?? '')).observe(
      shown ?? document.body,
      { characterData: true, childList: true, subtree: true },
    )
    return states
  })
  return () => noted.jsonValue()
}

/**
 * Chromium itself complains of every attempt to connect that fails, and of a socket that is closed
 * before it opened, as when one process follows another just then.
 */
function isOurs(complaint: string): boolean {
  return !complaint.startsWith('WebSocket connection to')
}

function pathOf(socket: WebSocket): string {
  return new URL(socket.url()).pathname
}
