import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { reportOf, unexportedOf } from './report-of.ts'

const dist = resolve('dist').replaceAll('\\', '/')
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const names = Object.keys(exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => (subpath === '.' ? 'index' : subpath.slice(2)))
const fileOf = (name: string) => `${name.replaceAll('/', '-')}.d.ts.txt`
const UNEXPORTED = 'unexported.d.ts.txt'

/** Declarations are printed as they are, so the types of the platform are not needed. */
const options: ts.CompilerOptions = {
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  module: ts.ModuleKind.ESNext,
  noLib: true,
  types: [],
}

/**
 * The public API of each entry stands in `api/`, so that a change of it shows in the diff of a
 * commit. `npm run api` accepts a change.
 */
describe('the public API', () => {
  if (!existsSync('dist/index.d.ts')) throw new Error('There is no dist; run: npm run build')
  const files = names.map((name) => `${dist}/${name}.d.ts`)
  const program = ts.createProgram(files, options)
  it.each(names)('of %s is what api/ says; accept a change with: npm run api', async (name) => {
    const report = reportOf(program, `${dist}/${name}.d.ts`)
    await expect(report).toMatchFileSnapshot(`../../api/${fileOf(name)}`)
  })

  it('refers to the types of api/unexported.d.ts.txt; accept a change with: npm run api', async () => {
    await expect(unexportedOf(program, files)).toMatchFileSnapshot(`../../api/${UNEXPORTED}`)
  })

  it('has no report of an entry that is gone', () => {
    const reports = new Set([...names.map(fileOf), UNEXPORTED])
    expect(readdirSync('api').filter((file) => !reports.has(file))).toEqual([])
  })
})

describe('the report of unexported types', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirefold-api-'))).replaceAll('\\', '/')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const reportOfFiles = (chunk: string): string => {
    writeFileSync(`${folder}/chunk.d.ts`, chunk)
    writeFileSync(
      `${folder}/entry.d.ts`,
      `import { Hook as H, Shown, spaces } from './chunk.ts'
       export declare function use(): H
       export { Shown, spaces as Spaces }`,
    )
    const entry = `${folder}/entry.d.ts`
    return unexportedOf(ts.createProgram([entry], options), [entry])
  }
  const chunk = `
    interface Deep<T> { readonly value: T }
    interface Hook { fire(): Deep<Self>; self: Hook }
    type Self = typeof secret
    declare const secret: 1
    interface Named { x: 1 }
    declare namespace spaces { export type { Named as Name } }
    interface Shown { y: 1 }
    interface Unused { z: 1 }
    export { type Hook, type Shown, type Unused, spaces }`

  it('holds each declaration that an exported one refers to, at any depth, and no other', () => {
    const report = reportOfFiles(chunk)
    const declared = [...report.matchAll(/^(?:interface|type|const) (\w+)/gm)].map(
      ([, name]) => name,
    )
    expect(declared).toEqual(['Deep', 'Hook', 'Named', 'Self', 'secret'])
    expect(report).toContain('fire(): Deep<Self>')
  })
})
