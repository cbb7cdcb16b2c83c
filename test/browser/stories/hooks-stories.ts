import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'
import type { Browser, BrowserDriver } from '../driver/browser-driver.ts'
import { bundled } from './bundled.ts'
import type { HooksPage } from './hooks-page.tsx'
import { ownConsoleErrors, PATIENT } from './page-actions.ts'

/** Stories of a page with the hooks of React under StrictMode, counted at the server. */
export function hooksStories(browser: Browser, driver: BrowserDriver): void {
  describe('a page with hooks under StrictMode', () => {
    let script = ''

    beforeAll(async () => {
      script = await bundled('./hooks-page.tsx')
    })

    it('opens one socket and subscribes once, is released while hidden, and leaves nothing', async () => {
      const { server, url, asked } = await serve(script)
      const page = await browser.open(url)
      onTestFinished(() => page.close())
      const text = (selector: string) => page.evaluate((wanted) => api().text(wanted), selector)
      const counts = () => {
        const { opens, connections, subscriptions } = server.stats()
        return { opens, connections, subscriptions }
      }
      expect(counts()).toEqual({ opens: 0, connections: 0, subscriptions: 0 })

      await page.evaluate(() => api().show('visible'))
      await expect.poll(() => text('#list'), PATIENT).toBe('live  0 unconfirmed')
      await expect
        .poll(() => text('#presence'), PATIENT)
        .toBe('{"typing":false} with no other user')
      expect(await text('ul')).toBe('Write')
      expect(counts()).toEqual({ opens: 1, connections: 1, subscriptions: 3 })
      expect(asked()).toEqual(all)
      // StrictMode has mounted each of two components twice.
      expect(await page.evaluate(() => api().mounts())).toBe(4)

      await server.publish('news', 'note', { text: 'é🜁' })
      await expect.poll(() => text('#connection'), PATIENT).toBe('open 0 true é🜁')
      expect(await page.evaluate(() => api().create('Read'))).toMatchObject({ title: 'Read' })
      await expect.poll(() => text('ul'), PATIENT).toBe('WriteRead')
      await page.screenshot(`test-results/${driver.name}/hooks.png`)

      await page.evaluate(() => api().send())
      await expect.poll(() => text('#request'), PATIENT).toBe('waiting')
      await page.evaluate(() => api().show('hidden'))
      await expect.poll(() => page.evaluate(() => api().outcomes()), PATIENT).toEqual(['aborted'])
      await expect.poll(counts, PATIENT).toEqual({ opens: 1, connections: 1, subscriptions: 1 })
      await page.evaluate(() => api().show('visible'))
      await expect.poll(() => text('#list'), PATIENT).toBe('live  0 unconfirmed')
      await expect.poll(counts, PATIENT).toEqual({ opens: 1, connections: 1, subscriptions: 3 })
      const again = all.filter((name) => name !== 'subscribe news')
      expect(asked()).toEqual([...all, ...again].sort())

      await page.evaluate(() => api().unmount())
      await expect.poll(counts, PATIENT).toEqual({ opens: 1, connections: 1, subscriptions: 0 })
      expect(await server.presence.getPresent('workspace/tasks')).toEqual([])
      await page.evaluate(() => api().close())
      await expect.poll(counts, PATIENT).toEqual({ opens: 1, connections: 0, subscriptions: 0 })
      expect(await ownConsoleErrors(page)).toEqual([])
    })

    it('comes back after its connection was lost, on one socket with one subscribe', async () => {
      const { server, url, asked } = await serve(script)
      const page = await browser.open(url)
      onTestFinished(() => page.close())
      const text = (selector: string) => page.evaluate((wanted) => api().text(wanted), selector)
      await page.evaluate(() => api().show('visible'))
      await expect.poll(() => text('#list'), PATIENT).toBe('live  0 unconfirmed')
      const before = asked()
      for (const { id } of server.connections()) server.disconnect(id)
      await expect.poll(() => server.stats().opens, PATIENT).toBe(2)
      await expect.poll(() => text('#connection'), PATIENT).toBe('open 0 true ')
      await server.publish('news', 'note', { text: 'again' })
      await expect.poll(() => text('#connection'), PATIENT).toBe('open 0 true again')
      expect(asked()).toEqual([...before, ...all].sort())
      expect(server.stats()).toMatchObject({ connections: 1, subscriptions: 3 })
    })
  })
}

/** What the server is asked for when the page is shown. */
const all = [
  'presence presence:workspace/tasks',
  ...['entity:Task', 'news', 'presence:workspace/tasks'].map((name) => `subscribe ${name}`),
]

/** Serves the page, and counts what its clients ask for. */
async function serve(script: string) {
  const asked: string[] = []
  const server = createRealtimeServer({
    authenticate: ({ token }) => ({ id: String(token) }),
    authorize(_, channel, action) {
      asked.push(`${action} ${channel}`)
      return true
    },
  })
  const tasks = [{ id: '1', title: 'Write' }]
  server.handle('task:list', () => tasks)
  server.handle('task:create', async (payload: { title: string }, { publish }) => {
    const task = { ...payload, id: String(tasks.length + 1) }
    tasks.push(task)
    await publish('entity:Task', 'entity:created', task)
    return task
  })
  server.handle('task:slow', () => new Promise(() => {}))
  const http = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tasks</title><body><script>${script}\nconst api = () => page</script>`,
    )
  })
  server.attach(http, '/realtime')
  await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening))
  onTestFinished(async () => {
    await server.close()
    http.closeAllConnections()
    http.close()
  })
  const { port } = http.address() as AddressInfo
  return { server, url: `http://127.0.0.1:${port}/`, asked: () => [...asked].sort() }
}

/** Defined in the page. */
declare function api(): HooksPage
