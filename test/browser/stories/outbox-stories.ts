import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import type { Browser, BrowserDriver, BrowserProcess, Page } from '../driver/browser-driver.ts'
import type { OutboxPage } from './outbox-page.ts'
import { PATIENT } from './page-actions.ts'

/** 127.0.0.1 in a spelling that browsers do not trust: over plain http it is no secure context. */
const HOST = '[::ffff:127.0.0.1]'
/** Longer than a lease. */
const LATER = { aheadMs: 60_000 }

/** A page whose requests are stored until they are answered, and outlive the page. */
export function outboxStories(browser: Browser, driver: BrowserDriver): void {
  describe('a stored outbox', () => {
    let script = ''

    beforeAll(async () => {
      script = await bundled('./outbox-page.ts')
    })

    it('needs neither a secure context, nor locks, nor randomUUID', async () => {
      const site = await serve(script)
      const page = await open(site.url)
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
      const page = await open(site.url)
      await page.evaluate(() => api().ask(20))
      await page.crash()
      site.up()
      const next = await open(site.url, LATER)
      await next.evaluate(() => api().connect())
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
      await expect.poll(() => next.evaluate(() => api().told().length), PATIENT).toBe(20)
    })

    it('sends what a killed browser has left, each once', async () => {
      const site = await serve(script)
      const profile = await mkdtemp(join(tmpdir(), 'wirefold-outbox-'))
      const show = (query: string): BrowserProcess => {
        const process = browser.show(`${site.url}/?${query}`, profile)
        onTestFinished(() => process.kill())
        return process
      }
      onTestFinished(() => rm(profile, { recursive: true, force: true, maxRetries: 10 }))
      const killed = show('ask=20')
      await expect.poll(() => site.reports(), PATIENT).toEqual(['asked 20'])
      await killed.kill()
      site.up()
      show(`settle=20&ahead=${LATER.aheadMs}`)
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
      await expect.poll(() => site.reports(), PATIENT).toEqual(['asked 20', 'settled 20'])
    })

    it('sends what a tab was killed over while it was being sent, each once', async () => {
      const site = await serve(script)
      site.up({ answers: false })
      const page = await open(site.url)
      await page.evaluate(() => void api().outcome(1))
      await expect.poll(() => site.applied(), PATIENT).toEqual([1])
      await page.crash()
      site.answer()
      const next = await open(site.url, LATER)
      await next.evaluate(() => api().connect())
      await expect.poll(() => next.evaluate(() => api().told()), PATIENT).toEqual(site.ids())
      expect(site.applied()).toEqual([1])
    })

    it('is shared by tabs that send nothing twice', async () => {
      const site = await serve(script)
      const pages = await Promise.all([1, 2, 3].map(() => open(site.url)))
      await Promise.all(pages.map((page) => page.evaluate(() => api().ask(10))))
      const [first] = pages
      await first?.crash()
      site.up()
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
      const next = await open(site.url, LATER)
      await next.evaluate(() => api().connect())
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(30).fill(1))
      await expect.poll(() => next.evaluate(() => api().told().length), PATIENT).toBe(10)
    })

    it('hands over at once where the page is left in order', async () => {
      const site = await serve(script)
      const page = await open(site.url)
      await page.evaluate(() => api().ask(5))
      const next = await open(site.url)
      const leases = () => next.evaluate(() => api().leases())
      expect(await leases()).toBe(1)
      // As a link does.
      await page.evaluate(() => location.assign('about:blank'))
      // Time ends no lease here: only a page that connects looks whether one is over.
      await expect.poll(leases, PATIENT).toBe(0)
      await next.evaluate(() => api().connect())
      await expect.poll(() => next.evaluate(() => api().queued()), PATIENT).toBe(5)
    })

    it('shows a pending mutation again on the next page, and carries it out once', async () => {
      const site = await serve(script)
      const page = await open(site.url)
      await page.evaluate(() => api().write('hello'))
      expect(await page.evaluate(() => api().notes())).toEqual(['hello?'])
      await page.evaluate(() => location.assign('about:blank'))
      const next = await open(site.url, LATER)
      const notes = () => next.evaluate(() => api().notes())
      await next.evaluate(() => api().connect())
      await expect.poll(notes, PATIENT).toEqual(['hello?'])
      site.up()
      await expect.poll(notes, PATIENT).toEqual(['hello'])
      expect(site.applied()).toEqual([1])
    })

    it('sends nothing of another user', async () => {
      const site = await serve(script)
      site.up()
      const adas = await open(site.url, { user: 'ada' })
      expect(await adas.evaluate(() => api().outcome(1))).toBe('ok')
      await site.down()
      await adas.evaluate(() => api().ask(3))
      await adas.crash()
      site.up()
      const eves = await open(site.url, { user: 'eve' })
      // Asked while the page could only know who was signed in the last time.
      expect(await eves.evaluate(() => api().outcome(1))).toContain('identity-changed')
      expect(await eves.evaluate(() => api().outcome(1))).toBe('ok')
      await eves.close()
      expect(site.users()).toEqual(['ada', 'eve'])
      const again = await open(site.url, { user: 'ada', ...LATER })
      await again.evaluate(() => api().connect())
      await expect.poll(() => site.users(), PATIENT).toEqual(['ada', 'eve', 'ada', 'ada', 'ada'])
    })

    // A browser without such a switch has all the room of this machine.
    if (driver.canLimitStorage) {
      it('says so where there is no room', async () => {
        const site = await serve(script)
        site.up()
        const page = await open(site.url)
        await page.limitStorage?.()
        expect(await page.evaluate(() => api().outcome(1))).toBe('ok')
        const outcome = await page.evaluate(() => api().outcome(40_000_000))
        expect(outcome).toBe('not-stored QuotaExceededError')
        expect(site.applied()).toEqual([1])
      })
    }

    async function open(
      url: string,
      { user = '', aheadMs = 0 }: { readonly user?: string; readonly aheadMs?: number } = {},
    ): Promise<Page> {
      const page = await browser.open(`${url}/?user=${user}&ahead=${aheadMs}`)
      onTestFinished(() => page.close())
      return page
    }
  })
}

/** In the page. */
declare function api(): OutboxPage

/** A page and, while it is up, a server that counts what it carries out. */
async function serve(script: string) {
  const counts = new Map<string, number>()
  const users: string[] = []
  let answers = true
  let server: RealtimeServer | undefined
  const reports: string[] = []
  const http = createServer(async (request, response) => {
    if (request.url === '/report') {
      reports.push(await text(request))
      response.end()
      return
    }
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
    /** What pages reported, in order. */
    reports: () => reports,
    /** Who asked, in order. */
    users: () => users,
    up(options: { readonly answers?: boolean } = {}) {
      answers = options.answers ?? true
      let ageMs = 0
      server = createRealtimeServer({
        origins: '*',
        clock: { ...systemClock, now: () => systemClock.now() + ageMs },
        authenticate: ({ token }) => (token ? { id: token } : null),
      })
      const notes: unknown[] = []
      server.handle('list', async () => notes)
      server.handle('add', async (payload, { requestId, user, publish }) => {
        users.push(user?.id ?? '')
        counts.set(`${requestId}`, (counts.get(`${requestId}`) ?? 0) + 1)
        while (!answers) await new Promise((done) => setTimeout(done, 5))
        if (typeof payload !== 'object') return
        const note = { ...payload, id: `n${notes.length + 1}` }
        notes.push(note)
        await publish('notes', 'entity:created', note)
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
