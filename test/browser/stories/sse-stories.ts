import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { sseBackend } from '../../support/peers/sse.ts'
import type { Browser } from '../driver/browser-driver.ts'
import { bundled } from './bundled.ts'
import { PATIENT } from './page-actions.ts'
import type { SsePage } from './sse-page.ts'

/** Stories of a page with the dialect of server-sent events. */
export function sseStories(browser: Browser): void {
  describe('a page with server-sent events', () => {
    let script = ''

    beforeAll(async () => {
      script = await bundled('./sse-page.ts')
    })

    it.each(['shared', 'streams', 'source'])(
      'follows two channels, makes requests, and comes back after a restart (%s)',
      async (transport) => {
        const server = await sseBackend({}, ({ url, headers }, response) => {
          // An EventSource sends no headers.
          if (transport === 'source') headers.authorization ??= 'Bearer t-cookie'
          const isPage = url.startsWith('/?')
          if (isPage) {
            response.setHeader('content-type', 'text/html')
            response.end(
              `<!doctype html><meta charset="utf-8"><script>${script}\nconst api = () => page</script>`,
            )
          }
          return isPage
        })
        const page = await browser.open(`${server.origin}/?transport=${transport}`)
        onTestFinished(() => page.close())
        await page.evaluate(() => Promise.all([api().follow('one'), api().follow('two')]))
        server.publish('one', 'said', { text: 'é🜁' })
        server.publish('two', 'said', { text: 2 })
        // A stream per channel leaves the order between channels open.
        const received = () => page.evaluate(() => [...api().received()].sort())
        await expect.poll(received, PATIENT).toEqual([2, 'é🜁'])
        expect(await page.evaluate(() => api().request('echo', { n: 1 }))).toMatchObject({
          ...{ payload: { n: 1 }, by: 'Bearer t-ana' },
        })
        const missing = () =>
          page.evaluate(() =>
            api()
              .request('missing', 1)
              .catch(({ code }) => code),
          )
        expect(await missing()).toBe('not-found')
        await server.kill()
        const statuses = () => page.evaluate(() => api().statuses())
        await expect.poll(statuses, PATIENT).toContain('one recovering')
        server.publish('one', 'said', { text: 3 })
        await server.restart()
        const isSource = transport === 'source'
        const end = isSource ? 'gap' : 'live'
        const last = async (channel: string) =>
          (await statuses()).filter((text) => text.startsWith(channel)).at(-1)
        await expect.poll(() => last('one'), PATIENT).toBe(`one ${end}`)
        await expect.poll(() => last('two'), PATIENT).toBe(`two ${end}`)
        server.publish('two', 'said', { text: 4 })
        const all = isSource ? [2, 4, 'é🜁'] : [2, 3, 4, 'é🜁']
        await expect.poll(received, PATIENT).toEqual(all)
        await page.evaluate(() => api().close())
        await expect.poll(server.streams, PATIENT).toBe(0)
      },
    )
  })
}

/** Defined in the page. */
declare function api(): SsePage
