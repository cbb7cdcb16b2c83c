import { readFileSync } from 'node:fs'

/** Returns the source files of the subpaths in `exports` of package.json, in their order. */
export function entriesOf(exports = JSON.parse(readFileSync('package.json', 'utf8')).exports) {
  return Object.values(exports)
    .filter((entry) => typeof entry === 'object')
    .map((entry) => entry.import.types.replace('./dist/', 'src/entries/').replace('.d.ts', '.ts'))
}
