import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

describe('a fresh copy of the project', () => {
  let folder = ''

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'wirefold-fresh-'))
    const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0')
    // `git ls-files` still lists a deleted file before the commit.
    for (const file of files.filter((name) => name && existsSync(name))) {
      cpSync(file, join(folder, file))
    }
    execFileSync('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }, 300_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('serves the demo after npm start, and prints each step and address once', async () => {
    for (const run of ['first', 'second']) {
      const { printed, urls } = await start()
      expect(printed, run).toMatch(/Building the package … [\d.]+ s\nBuilding the pages … [\d.]+ s/)
      expect(urls, run).toHaveLength(3)
      for (const url of urls) expect(await page(url), url).toContain('<title>')
    }
  })

  it('uses another port if the default one is in use', async () => {
    const first = await start('41730')
    const second = await start('41730')
    expect(new Set([...first.urls, ...second.urls].map((url) => new URL(url).port)).size).toBe(2)
    expect(await page(second.urls[0] ?? '')).toContain('<title>')
  })

  /** Runs `npm start` until the end of the test; resolves once it has printed its addresses. */
  async function start(PORT = '0') {
    const child = spawn('npm', ['start'], {
      cwd: folder,
      env: { ...process.env, NODE_ENV: undefined, PORT },
      detached: true,
    })
    const exited = once(child, 'exit')
    onTestFinished(async () => {
      // npm and the demo are one process group.
      if (child.pid) process.kill(-child.pid, 'SIGTERM')
      await exited
    })
    let printed = ''
    child.stderr.on('data', (chunk) => (printed += chunk))
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        printed += chunk
        if (printed.includes('Ctrl-C')) resolve()
      })
      exited.then(() => reject(new Error(`npm start ended:\n${printed}`)))
    })
    return { printed, urls: printed.match(/http:\/\/\S+/g) ?? [] }
  }
})

async function page(url: string): Promise<string> {
  return (await fetch(url)).text()
}
