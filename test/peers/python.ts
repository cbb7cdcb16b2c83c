import { spawnSync } from 'node:child_process'

/** Debian's own: another one in `PATH` has none of Debian's packages. */
export const PYTHON = process.env.WIREFOLD_PYTHON ?? '/usr/bin/python3'

/**
 * Whether Python has modules. Without them, prints what is skipped and how to install them; in CI, where
 * nothing may be skipped, throws that.
 *
 * @param imports the names of the modules, separated by commas
 * @param packages the packages of Debian that contain them
 */
export function hasPython(imports: string, packages: string): boolean {
  if (spawnSync(PYTHON, ['-c', `import ${imports}`]).status === 0) return true
  const message =
    `\n*** ${PYTHON} cannot import ${imports}: their tests are SKIPPED. Install them\n` +
    `*** (Debian: apt-get install ${packages}), or name an interpreter in WIREFOLD_PYTHON.\n`
  if (process.env.CI) throw new Error(message)
  process.stderr.write(message)
  return false
}
