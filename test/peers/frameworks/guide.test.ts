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
import { connect, until } from '../../support/live.ts'
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
  tools = installed([...PACKAGES, 'ws@8.23.0'])
  folder = dirname(tools.modules)
  renameSync(join(app.folder, 'node_modules/wirefold'), join(tools.modules, 'wirefold'))
  const shown = ['express.mjs', 'fastify.mjs', 'next.mjs'].map(
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

/** Runs a program of the guide until the end of the test; resolves with its port once it listens. */
async function start(file: string, mode: 'development' | 'production'): Promise<number> {
  const port = await freePort()
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: mode, PORT: String(port), NEXT_TELEMETRY_DISABLED: '1' },
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
  return port
}

it.each(['express.mjs', 'fastify.mjs'])('%s of the guide answers', async (file) => {
  const port = await start(file, 'production')
  const { client } = connect(`ws://localhost:${port}/ws`)
  expect(await client.request('add', [1, 2])).toBe(3)
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
