import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { chromiumDriver, launchChromium } from '../../browser/driver/chromium.ts'
import { launched } from '../../browser/driver/launched.ts'
import { connect, until } from '../../support/live.ts'
import type { FreshCopy } from './fresh-copy.ts'
import { freshCopy } from './fresh-copy.ts'

let copy: FreshCopy

beforeAll(() => {
  copy = freshCopy()
})

afterAll(() => copy?.remove())

const started = await launched(chromiumDriver, launchChromium)
afterAll(() => started?.browser.close())

it.skipIf(!started)('ssr: is rendered, then hydrated, then live on one socket', async () => {
  const url = await copy.run('ssr', { PORT: '0' }).prints(/Serving (\S+)/)
  const { client } = connect(`${url.replace('http', 'ws')}ws`)
  await client.request('item:create', { title: '</script>' })
  const html = await (await fetch(url)).text()
  expect(html).toContain('<p>idle</p><ul><li>Bread</li><li>&lt;/script&gt;</li></ul>')

  const page = await started?.browser.newPage()
  if (!page) return
  onTestFinished(() => page.close())
  const sockets: string[] = []
  const errors: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('websocket', (socket) => sockets.push(socket.url()))
  await page.goto(url)
  const main = page.locator('main')
  await until(async () => expect(await main.textContent()).toBe('openBread</script>'))
  await client.request('item:create', { title: 'Milk' })
  await until(async () => expect(await main.textContent()).toBe('openBread</script>Milk'))
  expect(sockets).toHaveLength(1)
  expect(errors).toEqual([])
})
