import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Packed } from '../../architecture/packed.ts'
import { packed } from '../../architecture/packed.ts'
import type { Browser } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { blockWith } from '../../documents/blocks.ts'
import { freePort } from '../../support/free-port.ts'
import { balanced, connect, until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import type { Installed } from '../installed.ts'
import { installed } from '../installed.ts'

const PAGE = 'docs/guides/deployment.md'

const PACKAGES = [
  ...['express@5.3.0', 'fastify@5.12.8'],
  ...['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1'],
]

/** The files of an application of Next.js that the guide does not show. */
const NEXT = {
  'app/layout.jsx': `export default function Layout({ children }) {
    return <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>
  }`,
  'app/page.jsx': `import Realtime from './sum'
    export default function Page() { return <Realtime /> }`,
}

let app: Packed
let tools: Installed
/** The folder beside the packages, as Next.js needs it. */
let folder = ''

beforeAll(() => {
  app = packed()
  tools = installed([...PACKAGES, 'ws@8.23.0', 'redis@6.3.1'])
  folder = dirname(tools.modules)
  renameSync(join(app.folder, 'node_modules/wirefold'), join(tools.modules, 'wirefold'))
  const shown = ['express.mjs', 'fastify.mjs', 'next.mjs', 'server.mjs'].map(
    (file) => [file, blockWith(PAGE, `// ${file}\n`).code] as const,
  )
  const sum = ['app/sum.jsx', blockWith(PAGE, "'use client'").code] as const
  mkdirSync(join(folder, 'app'))
  for (const [file, code] of [...shown, sum, ...Object.entries(NEXT)]) {
    writeFileSync(join(folder, file), code)
  }
})

afterAll(() => {
  app?.remove()
  tools?.remove()
})

type Mode = 'development' | 'production'

/** Runs a program of the guide until the end of the test; resolves once it listens. */
async function started(file: string, mode: Mode, more: Readonly<Record<string, string>> = {}) {
  const port = await freePort()
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: {
      ...{ ...process.env, NODE_ENV: mode, PORT: String(port), NEXT_TELEMETRY_DISABLED: '1' },
      ...more,
    },
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (printed += chunk))
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${file} ended:\n${printed}`)
    expect(printed).toContain(`listening on ${port}`)
  })
  return { port, child, exited }
}

/** As {@link started}; returns the port. */
const start = async (file: string, mode: Mode) => (await started(file, mode)).port

it.each(['express.mjs', 'fastify.mjs'])('%s of the guide answers', async (file) => {
  const port = await start(file, 'production')
  const { client } = connect(`ws://localhost:${port}/ws`)
  expect(await client.request('add', [1, 2])).toBe(3)
})

describeWithRedis('two processes of server.mjs', () => {
  it('end one after the other by SIGTERM, and a client behind a balancer goes on', async () => {
    const redis = await redisBench()
    const { url, backends } = await balanced()
    const env = { REDIS_URL: redis.server.url, ORIGIN: 'http://localhost' }
    const one = await started('server.mjs', 'production', env)
    backends.add(one.port)
    const { client, errors } = connect(url)
    expect(await client.request('add', [1, 2])).toBe(3)
    const two = await started('server.mjs', 'production', env)
    backends.add(two.port)
    one.child.kill('SIGTERM')
    const health = () => fetch(`http://localhost:${one.port}/health`)
    await until(async () => expect((await health()).status).toBe(503))
    backends.delete(one.port)
    expect(await client.request('add', [2, 3])).toBe(5)
    expect(await one.exited).toEqual([0, null])
    expect(await client.request('add', [3, 4])).toBe(7)
    expect(errors).toEqual([])
  })
})

const stories = (browser: Browser): void => {
  describe('the application of Next.js', () => {
    beforeAll(() => {
      const env = { ...process.env, NODE_ENV: 'production' as const, NEXT_TELEMETRY_DISABLED: '1' }
      execFileSync(process.execPath, ['node_modules/next/dist/bin/next', 'build'], {
        ...{ cwd: folder, env, stdio: 'pipe' },
      })
    }, 300_000)

    it.each(['production', 'development'] as const)('answers its page in %s', async (mode) => {
      const port = await start('next.mjs', mode)
      const html = await (await fetch(`http://localhost:${port}/`)).text()
      expect(html).toContain('idle')
      const page = await browser.open(`http://localhost:${port}/`)
      onTestFinished(() => page.close())
      const shown = () => document.querySelector('p')?.textContent
      await until(async () => expect(await page.evaluate(shown)).toBe('open 3'))
      expect(await page.consoleErrors()).toEqual([])
    })
  })
}

await runStories(chromiumDriver, stories)
