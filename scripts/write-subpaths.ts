import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { posix } from 'node:path'

/** The files of one subpath in `exports` of package.json. */
interface Entry {
  readonly import: { readonly types: string; readonly default: string }
  readonly require: { readonly default: string }
}

/**
 * Writes a folder with a package.json for each subpath of the package.
 *
 * Resolvers that do not know `exports` look there: TypeScript with `moduleResolution: node10`,
 * webpack 4, Jest 27, Metro before 0.82.
 */
export async function writeSubpaths(): Promise<void> {
  const manifest: { exports: Record<string, Entry | string> } = JSON.parse(
    await readFile('package.json', 'utf8'),
  )
  for (const [subpath, entry] of Object.entries(manifest.exports)) {
    if (subpath === '.' || typeof entry === 'string') continue
    const stub = {
      main: posix.relative(subpath, entry.require.default),
      module: posix.relative(subpath, entry.import.default),
      types: posix.relative(subpath, entry.import.types),
    }
    await mkdir(subpath, { recursive: true })
    await writeFile(`${subpath}/package.json`, `${JSON.stringify(stub, null, 2)}\n`)
  }
}
