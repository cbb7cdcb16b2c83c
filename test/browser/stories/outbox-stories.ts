import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from 'wirefold'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import type { Browser, BrowserDriver, BrowserProcess, Page } from '../driver/browser-driver.ts'
import { bundled } from './bundled.ts'
import type { OutboxPage } from './outbox-page.ts'
import { PATIENT } from './page-actions.ts'

/** A spelling of 127.0.0.1 that browsers do not trust: over plain HTTP it is no secure context. */
const HOST = '[::ffff:127.0.0.1]'
/** Longer than a lease. */
const LATER = { aheadMs: 60_000 }

/** Stories of a page whose requests are stored until their replies, also across reloads. */
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

    it('sends the requests of a killed tab, each once', async () => {
      const site = await serve(script)
      const page = await open(site.url)
      await page.evaluate(() => api().request(20))
      await page.crash()
      site.up()
      const next = await open(site.url, LATER)
      await next.evaluate(() => api().connect())
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
      await expect.poll(() => next.evaluate(() => api().outcomes().length), PATIENT).toBe(20)
    })

    it('sends the requests of a killed browser, each once', async () => {
      const site = await serve(script)
      const profile = await mkdtemp(join(tmpdir(), 'wirefold-outbox-'))
      const show = (query: string): BrowserProcess => {
        const process = browser.show(`${site.url}/?${query}`, profile)
        onTestFinished(() => process.kill())
        return process
      }
      onTestFinished(() => rm(profile, { recursive: true, force: true, maxRetries: 10 }))
      const killed = show('request=20')
      await expect.poll(() => site.reports(), PATIENT).toEqual(['stored 20'])
      await killed.kill()
      site.up()
      show(`settle=20&ahead=${LATER.aheadMs}`)
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
      await expect.poll(() => site.reports(), PATIENT).toEqual(['stored 20', 'settled 20'])
    })

    it('sends a request once if its tab was killed before the reply', async () => {
      const site = await serve(script)
      site.up({ answers: false })
      const page = await open(site.url)
      await page.evaluate(() => void api().outcome(1))
      await expect.poll(() => site.applied(), PATIENT).toEqual([1])
      await page.crash()
      site.answer()
      const next = await open(site.url, LATER)
      await next.evaluate(() => api().connect())
      await expect.poll(() => next.evaluate(() => api().outcomes()), PATIENT).toEqual(site.ids())
      expect(site.applied()).toEqual([1])
    })

    it('is shared by tabs without duplicate requests', async () => {
      const site = await serve(script)
      const pages = await Promise.all([1, 2, 3].map(() => open(site.url)))
      await Promise.all(pages.map((page) => page.evaluate(() => api().request(10))))
      const [first] = pages
      await first?.crash()
      site.up()
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(20).fill(1))
      const next = await open(site.url, LATER)
      await next.evaluate(() => api().connect())
      await expect.poll(() => site.applied(), PATIENT).toEqual(Array(30).fill(1))
      await expect.poll(() => next.evaluate(() => api().outcomes().length), PATIENT).toBe(10)
    })

    it('is released at once by a page that is left normally', async () => {
      const site = await serve(script)
      const page = await open(site.url)
      await page.evaluate(() => api().request(5))
      const next = await open(site.url)
      const leases = () => next.evaluate(() => api().leases())
      expect(await leases()).toBe(1)
      // Like following a link.
      await page.evaluate(() => location.assign('about:blank'))
      // No lease expires here: only a connecting page looks for expired leases.
      await expect.poll(leases, PATIENT).toBe(0)
      await next.evaluate(() => api().connect())
      await expect.poll(() => next.evaluate(() => api().queued()), PATIENT).toBe(5)
    })

    it('restores a pending mutation on the next page, and sends it once', async () => {
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

    it('sends no request of another user', async () => {
      const site = await serve(script)
      site.up()
      const adas = await open(site.url, { user: 'ada' })
      expect(await adas.evaluate(() => api().outcome(1))).toBe('ok')
      await site.down()
      await adas.evaluate(() => api().request(3))
      await adas.crash()
      site.up()
      const eves = await open(site.url, { user: 'eve' })
      // Sent while the page only had the last stored user.
      expect(await eves.evaluate(() => api().outcome(1))).toContain('identity-changed')
      expect(await eves.evaluate(() => api().outcome(1))).toBe('ok')
      await eves.close()
      expect(site.users()).toEqual(['ada', 'eve'])
      const again = await open(site.url, { user: 'ada', ...LATER })
      await again.evaluate(() => api().connect())
      await expect.poll(() => site.users(), PATIENT).toEqual(['ada', 'eve', 'ada', 'ada', 'ada'])
    })

    // A browser without such a switch has the whole disk of this machine.
    if (driver.canLimitStorage) {
      it('rejects with not-stored if the quota is exceeded', async () => {
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

/** Defined in the page. */
declare function api(): OutboxPage

/** Starts a page server and, while it is up, a realtime server that counts the requests it runs. */
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
    /** Number of runs of each request. */
    applied: () => [...counts.values()],
    ids: () => [...counts.keys()],
    /** The reports of the pages, in order. */
    reports: () => reports,
    /** The user of each run, in order. */
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
      // The reply store reaches back only to the start of the server, so the clock is moved ahead.
      ageMs = 3_600_000
    },
    /** Sends the replies that were held back. */
    answer() {
      answers = true
    },
    down,
  }
}
