import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { reportOf } from './report-of.ts'

const dist = resolve('dist').replaceAll('\\', '/')
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const names = Object.keys(exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => (subpath === '.' ? 'index' : subpath.slice(2)))
const fileOf = (name: string) => `${name.replaceAll('/', '-')}.d.ts.txt`

/**
 * The public API of each entry stands in `api/`, so that a change of it shows in the diff of a
 * commit. `npm run api` accepts a change.
 */
describe('the public API', () => {
  if (!existsSync('dist/index.d.ts')) throw new Error('There is no dist; run: npm run build')
  const program = ts.createProgram(
    names.map((name) => `${dist}/${name}.d.ts`),
    {
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      module: ts.ModuleKind.ESNext,
      // Declarations are printed as they are, so the types of the platform are not needed.
      noLib: true,
      types: [],
    },
  )
  it.each(names)('of %s is what api/ says; accept a change with: npm run api', async (name) => {
    const report = reportOf(program, `${dist}/${name}.d.ts`)
    await expect(report).toMatchFileSnapshot(`../../api/${fileOf(name)}`)
  })

  it('has no report of an entry that is gone', () => {
    const files = new Set(names.map(fileOf))
    expect(readdirSync('api').filter((file) => !files.has(file))).toEqual([])
  })
})
