import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const manifest: {
  readonly files: readonly string[]
  readonly scripts: Readonly<Record<string, string>>
} = JSON.parse(readFileSync('package.json', 'utf8'))
const { files, scripts } = manifest
/** The folders that the build writes. */
const built = files.filter((file) => !/^(docs|CHANGELOG)/.test(file))

describe('npm pack', () => {
  if (!existsSync('dist/index.js')) throw new Error('There is no dist; run: npm run build')
  let folder = ''

  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirefold-pack-')))
    for (const path of ['package.json', 'scripts', 'src', ...built]) {
      cpSync(path, join(folder, path), { recursive: true, preserveTimestamps: true })
    }
    utimesSync(join(folder, 'dist/index.d.ts'), new Date(), new Date())
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs what npm runs before it packs, and returns the exit code and the fault. */
  function prepack(): string {
    const script = join(folder, 'scripts/assert-built.js')
    const options = { cwd: folder, encoding: 'utf8' } as const
    const { status, stderr } = spawnSync(process.execPath, [script], options)
    return `${status} ${stderr.trim()}`
  }

  it('packs what is built', () => {
    expect(scripts.prepack).toBe('node scripts/assert-built.js')
    expect(prepack()).toBe('0 ')
  })

  it.each([
    ['dist', './dist/index.d.ts is missing'],
    ['react', './react/package.json is missing'],
  ])('fails without %s', (path, fault) => {
    renameSync(join(folder, path), join(folder, 'moved'))
    expect(prepack()).toBe(`1 The package is not built: ${fault}. Run: npm run build`)
    renameSync(join(folder, 'moved'), join(folder, path))
  })

  it('fails where a source is newer than the build', () => {
    const source = join('src', 'entries', 'index.ts')
    const later = new Date(Date.now() + 60_000)
    utimesSync(join(folder, source), later, later)
    expect(prepack()).toBe(
      `1 The package is not built: dist is older than ${source}. Run: npm run build`,
    )
  })
})
