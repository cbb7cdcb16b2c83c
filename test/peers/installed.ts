import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Packages of the npm registry in a temporary folder. */
export interface Installed {
  /** The folder `node_modules`. */
  readonly modules: string
  /** Deletes the packages. */
  remove(): void
}

const options = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts']

/** Installs packages, each with its version, such as `vite@8.3.8`; their install scripts do not run. */
export function installed(packages: readonly string[]): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'wirefold-installed-'))
  const command = ['install', '--prefix', folder, ...options, ...packages]
  execFileSync('npm', command, { stdio: 'pipe' })
  return {
    modules: join(folder, 'node_modules'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What `package.json` says about packages. */
export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  /** Packages in place of others that cannot be installed here. */
  readonly overrides?: Readonly<Record<string, string>>
}

/**
 * Installs packages that are too large to download for every run, without optional ones, into a temporary
 * folder of their own, which stays; returns its `node_modules`.
 */
export function kept(name: string, manifest: Manifest): string {
  const text = JSON.stringify({ private: true, ...manifest })
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
  const folder = join(tmpdir(), `wirefold-kept-${name}-${hash}`)
  if (!existsSync(folder)) {
    // Another run may install the same, and this one may be interrupted: the folder appears when it is whole.
    const draft = mkdtempSync(`${folder}-`)
    writeFileSync(join(draft, 'package.json'), text)
    try {
      execFileSync('npm', ['install', '--omit=optional', ...options], { cwd: draft, stdio: 'pipe' })
      renameSync(draft, folder)
    } catch (error) {
      rmSync(draft, { recursive: true, force: true })
      if (!existsSync(folder)) throw error
    }
  }
  return join(folder, 'node_modules')
}
