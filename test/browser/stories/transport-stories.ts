import type { ServerResponse } from 'node:http'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Received } from '../../support/http-backend.ts'
import { callOf, httpBackend, stream } from '../../support/http-backend.ts'
import type { Browser } from '../driver/browser-driver.ts'
import { bundled } from './bundled.ts'
import { PATIENT } from './page-actions.ts'
import type { TransportPage } from './transport-page.ts'

/** Stories of a page whose connection is no WebSocket. */
export function transportStories(browser: Browser): void {
  describe('a connection over HTTP', () => {
    let script = ''

    beforeAll(async () => {
      script = await bundled('./transport-page.ts')
    })

    it.each(['sse', 'source', 'poll'])(
      'carries events, requests and their replies, and comes back after a restart (%s)',
      async (transport) => {
        const site = await serve(script)
        const page = await browser.open(`${site.url}/?transport=${transport}`)
        onTestFinished(() => page.close())
        await page.evaluate(() => api().connect())
        site.publish('é🜁')
        const received = () => page.evaluate(() => api().received())
        await expect.poll(received, PATIENT).toEqual(['é🜁'])
        expect(await page.evaluate(() => api().request({ n: 1 }))).toEqual({ n: 1 })
        await site.kill()
        const state = () => page.evaluate(() => api().state())
        await expect.poll(state, PATIENT).not.toBe('open')
        await site.restart()
        await expect.poll(state, PATIENT).toBe('open')
        site.publish('again')
        await expect.poll(received, PATIENT).toEqual(['é🜁', 'again'])
        const gets = site.received.filter(({ url }) => url.startsWith(`/${transport}`))
        const last = gets.at(-1)?.headers
        expect(last?.['last-event-id']).toBe(transport === 'sse' ? '1' : undefined)
        expect(last?.authorization).toBe(transport === 'source' ? undefined : 'Bearer secret')
        await page.evaluate(() => api().close())
        await expect.poll(site.open, PATIENT).toBe(0)
      },
    )
  })
}

/** Defined in the page. */
declare function api(): TransportPage

/** Serves the page, event streams at `/sse` and `/source`, and polls at `/poll`. */
async function serve(script: string) {
  /** The connections: the open stream or poll, and what waits for the next poll. */
  const connections = new Map<string, { open?: ServerResponse | undefined; queue: string[] }>()
  let events = 0
  const send = (id: string, data: string, eventId = ''): void => {
    const one = connections.get(id)
    if (one?.open?.headersSent) one.open.write(`${eventId}data: ${data}\n\n`)
    else {
      one?.queue.push(data)
      answer(id)
    }
  }
  /** Answers the poll of a connection, if there is one and a message for it. */
  const answer = (id: string): void => {
    const one = connections.get(id)
    if (!one?.open || one.queue.length === 0) return
    one.open.end(`[${one.queue.splice(0)}]`)
    one.open = undefined
  }
  const get = (id: string, path: string, response: ServerResponse): void => {
    response.on('close', () => {
      if (connections.get(id)?.open === response) connections.delete(id)
    })
    const known = connections.get(id)
    if (path !== '/poll') {
      connections.set(id, { open: stream(response), queue: [] })
      // Firefox shows the headers to the page with the first byte after them.
      response.write(':\n\n')
    } else if (known) {
      known.open = response
      answer(id)
    } else {
      connections.set(id, { queue: [] })
      response.end('[]')
    }
  }
  const site = await httpBackend((request: Received, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x')
    const id = searchParams.get('connection') ?? ''
    if (request.method === 'POST') {
      const call = callOf(request)
      response.writeHead(202).end()
      send(id, JSON.stringify({ ok: call.id, body: call.body }))
    } else if (id !== '') get(id, pathname, response)
    else {
      response.setHeader('content-type', 'text/html')
      response.end(
        `<!doctype html><meta charset="utf-8"><script>${script}\nconst api = () => page</script>`,
      )
    }
  })
  return {
    ...site,
    url: new URL(site.url).origin,
    open: () => [...connections.values()].filter(({ open }) => open).length,
    publish(body: unknown): void {
      const data = JSON.stringify({ room: 'lobby', event: 'said', body })
      events++
      for (const id of connections.keys()) send(id, data, `id: ${events}\n`)
    },
    async kill(): Promise<void> {
      connections.clear()
      await site.kill()
    },
  }
}
