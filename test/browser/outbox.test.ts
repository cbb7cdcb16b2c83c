import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/index.ts'
import type { RealtimeServer } from '../../src/server/index.ts'
import { createRealtimeServer } from '../../src/server/index.ts'
import type { BrowserProcess } from './chromium.ts'
import { spawnChromium } from './chromium.ts'
import type { OutboxPage } from './outbox-page.ts'

const PATIENT = { timeout: 30_000, interval: 20 }
/** By name and plain http it is an insecure origin, unlike 127.0.0.1. */
const HOST = 'outbox.test'
/** Longer than a lease. */
const LATER = { aheadMs: 60_000 }

const profile = await mkdtemp(join(tmpdir(), 'wirefold-outbox-'))
const start = (): Promise<BrowserProcess | undefined> =>
  spawnChromium(profile, `--host-resolver-rules=MAP ${HOST} 127.0.0.1`)
let running = await start()

describe.runIf(running)('a stored outbox in a browser', () => {
  let script = ''

  beforeAll(async () => {
    script = await bundled('./outbox-page.ts')
  })

  afterAll(async () => {
    await running?.kill()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  })

  it('needs neither a secure context, nor locks, nor randomUUID', async () => {
    const site = await serve(script)
    const page = await open(browser(), site.url)
    expect(await page.evaluate(() => api().missing())).toEqual([
      'secure context',
      'locks',
      'randomUUID',
    ])
    site.up()
    expect(await page.evaluate(() => api().outcome(1))).toBe('ok')
    expect(site.applied()).toEqual([1])
  })

  it('sends what a killed tab has left, each once', async () => {
    const site = await serve(script)
    const page = await open(browser(), site.url)
    await page.evaluate(() => api().ask(20))
    await crash(page)
    site.up()
    const next = await open(browser(), site.url, LATER)
    await next.evaluate(() => api().connect())
    await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
    await expect.poll(() => next.evaluate(() => api().told().length), PATIENT).toBe(20)
  })

  it('sends what a killed browser has left, each once', async () => {
    const site = await serve(script)
    const page = await open(browser(), site.url)
    await page.evaluate(() => api().ask(20))
    await running?.kill()
    running = await start()
    site.up()
    const next = await open(browser(), site.url, LATER)
    await next.evaluate(() => api().connect())
    await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
    await expect.poll(() => next.evaluate(() => api().told().length), PATIENT).toBe(20)
  })

  it('sends what a tab was killed over while it was being sent, each once', async () => {
    const site = await serve(script)
    site.up({ answers: false })
    const page = await open(browser(), site.url)
    await page.evaluate(() => void api().outcome(1))
    await expect.poll(() => site.applied(), PATIENT).toEqual([1])
    await crash(page)
    site.answer()
    const next = await open(browser(), site.url, LATER)
    await next.evaluate(() => api().connect())
    await expect.poll(() => next.evaluate(() => api().told()), PATIENT).toEqual(site.ids())
    expect(site.applied()).toEqual([1])
  })

  it('is shared by tabs that send nothing twice', async () => {
    const site = await serve(script)
    const pages = await Promise.all([1, 2, 3].map(() => open(browser(), site.url)))
    await Promise.all(pages.map((page) => page.evaluate(() => api().ask(10))))
    const [first] = pages
    if (first) await crash(first)
    site.up()
    await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
    const next = await open(browser(), site.url, LATER)
    await next.evaluate(() => api().connect())
    await expect.poll(() => site.applied(), PATIENT).toEqual(Array(30).fill(1))
    await expect.poll(() => next.evaluate(() => api().told().length), PATIENT).toBe(10)
  })

  it('hands over at once where the page is left in order', async () => {
    const site = await serve(script)
    const page = await open(browser(), site.url)
    await page.evaluate(() => api().ask(5))
    await page.goto('about:blank')
    const next = await open(browser(), site.url)
    await next.evaluate(() => api().connect())
    // Long before the lease of thirty seconds would be over.
    const queued = () => next.evaluate(() => api().queued())
    await expect.poll(queued, { timeout: 15_000, interval: 20 }).toBe(5)
  })

  it('sends nothing of another user', async () => {
    const site = await serve(script)
    site.up()
    const adas = await open(browser(), site.url, { user: 'ada' })
    expect(await adas.evaluate(() => api().outcome(1))).toBe('ok')
    await site.down()
    await adas.evaluate(() => api().ask(3))
    await crash(adas)
    site.up()
    const eves = await open(browser(), site.url, { user: 'eve' })
    // Asked while the page could only know who was signed in the last time.
    expect(await eves.evaluate(() => api().outcome(1))).toContain('identity-changed')
    expect(await eves.evaluate(() => api().outcome(1))).toBe('ok')
    await eves.close()
    expect(site.users()).toEqual(['ada', 'eve'])
    const again = await open(browser(), site.url, { user: 'ada', ...LATER })
    await again.evaluate(() => api().connect())
    await expect.poll(() => site.users(), PATIENT).toEqual(['ada', 'eve', 'ada', 'ada', 'ada'])
  })

  it('says so where there is no room', async () => {
    const site = await serve(script)
    site.up()
    const page = await open(browser(), site.url)
    const session = await page.context().newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.url, quotaSize: 500_000 })
    expect(await page.evaluate(() => api().outcome(1))).toBe('ok')
    const outcome = await page.evaluate(() => api().outcome(40_000_000))
    expect(outcome).toBe('not-stored QuotaExceededError')
    expect(site.applied()).toEqual([1])
  })
})

/** In the page. */
declare function api(): OutboxPage

function browser(): Browser {
  if (!running) throw new Error('There is no browser.')
  return running.browser
}

async function open(
  from: Browser,
  url: string,
  { user = '', aheadMs = 0 }: { readonly user?: string; readonly aheadMs?: number } = {},
): Promise<Page> {
  const [context] = from.contexts()
  if (!context) throw new Error('The browser has no profile.')
  const page = await context.newPage()
  await page.goto(`${url}/?user=${user}&ahead=${aheadMs}`)
  return page
}

/** Ends a tab as a crash does: nothing in it hears of it. */
async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  session.send('Page.crash').catch(() => {})
  await crashed
}

/** A page and, while it is up, a server that counts what it carries out. */
async function serve(script: string) {
  const counts = new Map<string, number>()
  const users: string[] = []
  let answers = true
  let server: RealtimeServer | undefined
  const http = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end(`<!doctype html><script>${script}\nconst api = () => page</script>`)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const port = typeof address === 'object' ? address?.port : 0
  const down = async (): Promise<void> => {
    await server?.close()
    server = undefined
  }
  onTestFinished(async () => {
    await down()
    http.closeAllConnections()
    http.close()
  })
  return {
    url: `http://${HOST}:${port}`,
    /** How often each request was carried out. */
    applied: () => [...counts.values()],
    ids: () => [...counts.keys()],
    /** Who asked, in order. */
    users: () => users,
    up(options: { readonly answers?: boolean } = {}) {
      answers = options.answers ?? true
      let ageMs = 0
      server = createRealtimeServer({
        clock: { ...systemClock, now: () => systemClock.now() + ageMs },
        authenticate: ({ token }) => (token ? { id: token } : null),
      })
      server.handle('add', async (_payload, { requestId, user }) => {
        users.push(user?.id ?? '')
        counts.set(`${requestId}`, (counts.get(`${requestId}`) ?? 0) + 1)
        while (!answers) await new Promise((done) => setTimeout(done, 5))
      })
      server.attach(http)
      // Its memory reaches back for as long as it is old.
      ageMs = 3_600_000
    },
    /** Answers what was not answered. */
    answer() {
      answers = true
    },
    down,
  }
}

/** A module and what it imports, as one script. */
async function bundled(file: string): Promise<string> {
  const entry = fileURLToPath(new URL(file, import.meta.url))
  const lib = { entry, formats: ['iife' as const], name: 'bundle' }
  const built = await build({ configFile: false, logLevel: 'error', build: { write: false, lib } })
  const [output] = Array.isArray(built) ? built : [built]
  if (!output || !('output' in output)) throw new Error('Nothing was built.')
  return output.output[0].code.replaceAll('</script', '<\\/script')
}
