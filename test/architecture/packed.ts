import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const manifest: { exports: Record<string, unknown> } = JSON.parse(
  readFileSync('package.json', 'utf8'),
)

/** The specifiers of the package: `wirefold`, `wirefold/react`, and so on. */
export const entries = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => subpath.replace(/^\./, 'wirefold'))

/** Entries that require the types of Node, React or Vue. */
export const peered = entries.filter((entry) => /server|(react|vue)$/.test(entry))

/** The published package, installed in the folder of an application. */
export interface Packed {
  readonly folder: string
  /** Writes a file of the application, and returns its path. */
  write(file: string, text: string): string
  /** Runs Node in the folder, and returns its output; throws with all output if it fails. */
  node(...args: string[]): string
  /** Deletes the folder. */
  remove(): void
}

/**
 * Packs the built package, and installs it in a temporary folder.
 *
 * @param peers packages of this repository that the application also has
 */
export function packed(peers: readonly string[] = []): Packed {
  if (!existsSync('dist/index.js')) throw new Error('There is no dist; run: npm run build')
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirefold-packed-')))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'wirefold'), { recursive: true })
  const archive = execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  execFileSync('tar', [
    ...['-xzf', join(folder, archive.trim()), '-C', join(modules, 'wirefold')],
    '--strip-components=1',
  ])
  for (const name of peers) {
    mkdirSync(join(modules, name, '..'), { recursive: true })
    symlinkSync(realpathSync(`node_modules/${name}`), join(modules, name), 'junction')
  }
  const write = (file: string, text: string): string => {
    writeFileSync(join(folder, file), text)
    return join(folder, file)
  }
  write('package.json', '{"type":"module"}')
  return {
    folder,
    write,
    node: (...args) =>
      execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
