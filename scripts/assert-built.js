/*
 * Fails where the package cannot be packed as it is: a file that package.json names is missing, or the
 * build is older than the sources. It does not build, since tools that pack run while tests read `dist`.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))

/** Returns all paths in a part of `exports`. */
function paths(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(paths)
}

const subpaths = Object.keys(exports).filter((path) => path !== '.' && path !== './package.json')
const missing = [...paths(exports), ...subpaths.map((path) => `${path}/package.json`)].filter(
  (file) => !existsSync(file),
)

const sources = readdirSync('src', { recursive: true }).map((file) => join('src', file))
const newer = missing[0]
  ? undefined
  : sources.find((file) => statSync(file).mtimeMs > statSync(exports['.'].import.types).mtimeMs)

const fault = missing[0] ? `${missing[0]} is missing` : newer && `dist is older than ${newer}`
if (fault) {
  process.stderr.write(`The package is not built: ${fault}. Run: npm run build\n`)
  process.exitCode = 1
}
