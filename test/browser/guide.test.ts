import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import type { Page } from 'playwright'
import { expect as expectPage } from 'playwright/test'
import { expect, it, onTestFinished } from 'vitest'
import { blockWith } from '../documents/blocks.ts'
import { run } from '../documents/run.ts'
import { chromiumDriver, launchChromium } from './driver/chromium.ts'
import { launched } from './driver/launched.ts'

/** The page of an application, with the built package. */
const PAGE = `<output></output><script type="module">
import { ChannelSubscriber, RealtimeClient } from '/dist/index.js'
const client = new RealtimeClient('/ws', { backoff: { initialMs: 50, maxMs: 200 } })
const output = document.querySelector('output')
new ChannelSubscriber(client).subscribe('price', (price) => { output.textContent = price })
</script>`

/** Serves the page until the end of the test; returns its origin. */
async function served(): Promise<string> {
  const http = createServer(({ url = '' }, response) => {
    const isScript = url.startsWith('/dist/')
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    if (isScript) createReadStream(`dist/${basename(url)}`).pipe(response)
    else response.end(PAGE)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(() => void http.close())
  const { port } = http.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

const started = await launched(chromiumDriver, launchChromium)

it.skipIf(!started)('the example for Playwright passes in Chromium', async () => {
  const baseURL = await served()
  onTestFinished(() => started?.browser.close())
  const page = await started?.browser.newPage({ baseURL })
  const tests: ((given: { page: Page | undefined }) => Promise<void>)[] = []
  const runner = {
    expect: expectPage,
    test: (_: string, body: (typeof tests)[number]) => tests.push(body),
  }
  await run(blockWith('docs/testing.md', 'routeWebSocket'), {
    modules: { '@playwright/test': runner },
  })
  expect(tests).toHaveLength(1)
  for (const test of tests) await test({ page })
})
