import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Packages of the npm registry in a temporary folder. */
export interface Installed {
  /** The folder `node_modules`. */
  readonly modules: string
  /** Deletes the packages. */
  remove(): void
}

/** Installs packages, each with its version, such as `vite@8.3.8`; their install scripts do not run. */
export function installed(packages: readonly string[]): Installed {
  const folder = mkdtempSync(join(tmpdir(), 'wirefold-installed-'))
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts']
  const command = ['install', '--prefix', folder, ...options, ...packages]
  execFileSync('npm', command, { stdio: 'pipe' })
  return {
    modules: join(folder, 'node_modules'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
