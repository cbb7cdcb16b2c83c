import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Browser } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { enter } from '../../browser/stories/page-actions.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { blocks, blockWith } from '../../documents/blocks.ts'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/live.ts'

const PAGE = 'docs/guides/getting-started.md'

/** npm neither asks nor reports, and takes packages from its cache where it can. */
const env = {
  ...process.env,
  ...{ npm_config_yes: 'true', npm_config_audit: 'false', npm_config_fund: 'false' },
  ...{ npm_config_prefer_offline: 'true', npm_config_ignore_scripts: 'true' },
  NODE_ENV: undefined,
  // Vite would write its address in two colours.
  ...{ NO_COLOR: '1', FORCE_COLOR: undefined },
}

/** Returns the framework of the heading above a line of the page, if it has one. */
function sectionOf(line: number): string | undefined {
  const lines = readFileSync(PAGE, 'utf8').split('\n').slice(0, line)
  const [, framework] =
    /^### (.+)$/.exec(lines.filter((text) => text.startsWith('#')).at(-1) ?? '') ?? []
  return framework
}

/** The files that the page shows; some are for one framework. */
const files = blocks
  .filter(({ document }) => document === PAGE)
  .flatMap(({ code, line }) => {
    const [, file, only] = /^(?:\/\/|<!--) (\S+\.\w+)(?: \((\w+)\))?/.exec(code) ?? []
    return file === undefined ? [] : [{ file, framework: only ?? sectionOf(line - 2), code }]
  })

let parent = ''
let archive = ''

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'wirefold-getting-started-'))
  const packing = ['pack', '--ignore-scripts', '--pack-destination', parent]
  archive = join(parent, execFileSync('npm', packing, { encoding: 'utf8', stdio: 'pipe' }).trim())
})

afterAll(() => rmSync(parent, { recursive: true, force: true }))

/** Runs commands in a shell; throws with all output if one fails. */
function shell(commands: string, cwd: string): void {
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', commands], {
    ...{ cwd, env, encoding: 'utf8' },
  })
  expect(status, `${commands}\n${stdout}${stderr}`).toBe(0)
}

/** Types the commands of the page into a shell, and writes its files; returns the project's folder. */
function followed(framework: string, template: string, ports: readonly number[]): string {
  const home = join(parent, template)
  const [dev, preview] = ports
  mkdirSync(home)
  shell(blockWith(PAGE, template).code, home)
  const install = blockWith(PAGE, 'cd notes').code
  expect(install).toContain('npm install wirefold ws')
  shell(install.replace(' wirefold ', ` ${archive} `), home)
  const folder = join(home, 'notes')
  for (const { file, framework: only, code } of files) {
    if (only !== undefined && only !== framework) continue
    const text = code.replace(':5173', `:${dev}`).replace(':4173', `:${preview}`)
    writeFileSync(join(folder, file), text)
  }
  return folder
}

/** Runs a script of the project until `end()`, or the end of the test. */
async function running(folder: string, script: 'dev' | 'preview', port: number) {
  const args = ['run', script, '--', '--port', String(port), '--strictPort']
  const child = spawn('npm', args, { cwd: folder, env, detached: true })
  const exited = once(child, 'exit')
  let printed = ''
  let ended = false
  const end = async (): Promise<void> => {
    if (ended) return
    ended = true
    // npm and Vite are one process group.
    if (child.pid) process.kill(-child.pid, 'SIGTERM')
    await exited
  }
  onTestFinished(end)
  child.stdout.on('data', (chunk) => (printed += chunk))
  child.stderr.on('data', (chunk) => (printed += chunk))
  await until(() => expect(printed).toContain(`http://localhost:${port}/`))
  return { end, printed: () => printed }
}

const shown = () => ({
  state: document.querySelector('p')?.textContent,
  notes: [...document.querySelectorAll('li')].map(({ textContent }) => textContent),
})

const stories = (browser: Browser): void => {
  const opened = async (port: number) => {
    const page = await browser.open(`http://localhost:${port}/`)
    onTestFinished(() => page.close())
    return page
  }

  describe.each([
    ['Plain', 'vanilla-ts'],
    ['React', 'react-ts'],
    ['Svelte', 'svelte-ts'],
  ])('the page about getting started, %s', (framework, template) => {
    it('leads to a list that all windows show, and that comes back with the server', async () => {
      const [dev, preview] = [await freePort(), await freePort()]
      const folder = followed(framework, template, [dev, preview])

      const vite = await running(folder, 'dev', dev)
      const pages = [await opened(dev), await opened(dev)] as const
      const first = { state: 'open', notes: ['Buy bread'] }
      for (const page of pages) {
        await until(async () => expect(await page.evaluate(shown)).toEqual(first))
      }
      await enter(pages[0], 'input', 'Call Ada')
      const both = { state: 'open', notes: ['Buy bread', 'Call Ada'] }
      for (const page of pages) {
        await until(async () => expect(await page.evaluate(shown)).toEqual(both))
        expect(await page.consoleErrors()).toEqual([])
      }
      await vite.end()

      // The build of the other two checks the types.
      shell(`npm run build${framework === 'Svelte' ? '\nnpm run check' : ''}`, folder)
      const before = await running(folder, 'preview', preview)
      const page = await opened(preview)
      await until(async () => expect(await page.evaluate(shown)).toEqual(first))
      await enter(page, 'input', 'Call Ada')
      await until(async () => expect(await page.evaluate(shown)).toEqual(both))
      await before.end()
      await until(async () => expect((await page.evaluate(shown)).state).toBe('waiting'))
      await running(folder, 'preview', preview)
      await until(async () => expect(await page.evaluate(shown)).toEqual(first))
    })
  })
}

await runStories(chromiumDriver, stories)
