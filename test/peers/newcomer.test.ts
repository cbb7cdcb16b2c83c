import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

/** What `npm publish --json` prints. */
interface Published {
  readonly wirefold: {
    readonly name: string
    readonly version: string
    readonly files: readonly { readonly path: string }[]
  }
}

/** The kinds of files that are published. */
const PUBLISHED =
  /(\.(js|cjs|d\.ts|d\.cts|md|png|yaml|schema\.json)|\/package\.json|^(LICENSE|package\.json|dist\/.*\.txt))$/

/** Returns the files that a value of `exports` names, as paths in the package. */
function targets(value: unknown): string[] {
  if (typeof value === 'string') return [value.replace(/^\.\//, '')]
  return Object.values(value ?? {}).flatMap(targets)
}

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

  it('publishes the entries, the documents and nothing of the sources', () => {
    const output = execFileSync('npm', ['publish', '--dry-run', '--json'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      // The output of `npm` alone, without that of the scripts that it runs.
      env: { ...process.env, npm_config_foreground_scripts: 'false' },
    })
    const published: Published = JSON.parse(output)
    const { name, version, files } = published.wirefold
    const { exports, ...manifest } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect({ name, version }).toEqual({ name: manifest.name, version: manifest.version })
    const paths = files.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(targets(exports)))
    const tops = new Set(paths.map((path) => path.split('/')[0] ?? ''))
    const written = ['README.md', 'LICENSE', 'package.json']
    expect([...tops].sort()).toEqual([...manifest.files, ...written].sort())
    expect(paths.filter((path) => !PUBLISHED.test(path))).toEqual([])
  }, 300_000)

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
