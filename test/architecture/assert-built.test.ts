import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

const manifest: {
  readonly files: readonly string[]
  readonly scripts: Readonly<Record<string, string>>
} = JSON.parse(readFileSync('package.json', 'utf8'))
const { files, scripts } = manifest
/** The folders that the build writes. */
const built = files.filter((file) => !/^(docs|CHANGELOG)/.test(file))

/** Runs what npm runs before it packs, in a copy of this tree; returns the exit code and the fault. */
function pack(change: (folder: string) => void): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirefold-pack-')))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const path of ['package.json', 'scripts', 'src', ...built]) {
    cpSync(path, join(folder, path), { recursive: true, preserveTimestamps: true })
  }
  utimesSync(join(folder, 'dist/index.d.ts'), new Date(), new Date())
  change(folder)
  const script = [join(folder, 'scripts/assert-built.js')]
  const { status, stderr } = spawnSync(process.execPath, script, { cwd: folder, encoding: 'utf8' })
  return `${status} ${stderr.trim()}`
}

describe('npm pack', () => {
  if (!existsSync(resolve('dist/index.js'))) throw new Error('There is no dist; run: npm run build')

  it('packs what is built', () => {
    expect(scripts.prepack).toBe('node scripts/assert-built.js')
    expect(pack(() => {})).toBe('0 ')
  })

  it.each([
    ['dist', './dist/index.d.ts is missing'],
    ['react', './react/package.json is missing'],
  ])('fails without %s', (path, fault) => {
    const remove = (folder: string) => rmSync(join(folder, path), { recursive: true })
    expect(pack(remove)).toBe(`1 The package is not built: ${fault}. Run: npm run build`)
  })

  it('fails where a source is newer than the build', () => {
    const later = new Date(Date.now() + 60_000)
    expect(pack((folder) => utimesSync(join(folder, 'src/entries/index.ts'), later, later))).toBe(
      `1 The package is not built: dist is older than ${join('src/entries/index.ts')}. Run: npm run build`,
    )
  })
})
