import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from '../../architecture/packed.ts'
import { entries, packed } from '../../architecture/packed.ts'

const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

/** The files that the package may have; anything else is left out by `files` of package.json. */
const ALLOWED = [
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^package\.json$/,
  /^docs\/([a-z]+\/)?[a-z-]+\.md$/,
  /^docs\/images\/[a-z]+\.png$/,
  /^docs\/protocol\/([a-z]+\.schema\.json|asyncapi\.yaml)$/,
  /^dist\/([a-z]+\/)?[\w-]+\.(js|cjs|d\.ts|d\.cts)$/,
  /^dist\/THIRD-PARTY-LICENSES\.txt$/,
]

/** Programs that print the number of exports, or the error, of each entry. */
const opening = {
  'by import': [
    '--input-type=module',
    '-e',
    `for (const name of ${JSON.stringify(entries)})
      await import(name).then((all) => console.log(Object.keys(all).length), (e) => console.log(e.message))`,
  ],
  'by require': [
    '--no-experimental-require-module',
    '-e',
    `for (const name of ${JSON.stringify(entries)})
      try { console.log(Object.keys(require(name)).length) } catch (e) { console.log(e.message.split('\\n')[0]) }`,
  ],
}

/** Returns the packages in the column "needs" of the table of entries. */
function needed(entry: string): readonly string[] {
  const row = readFileSync('docs/reference/entries.md', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`| \`${entry}\` |`))
  const column = row?.split('|').at(-2) ?? ''
  return [...column.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

describe('the files of the package', () => {
  let app: Packed
  let root = ''
  let files: readonly string[] = []

  beforeAll(() => {
    app = packed()
    root = join(app.folder, 'node_modules/wirefold')
    files = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => statSync(join(root, file)).isFile())
      .map((file) => file.replaceAll('\\', '/'))
  })

  afterAll(() => app?.remove())

  it('are the build, the documents, the licences, and one manifest per entry', () => {
    const manifests = entries
      .filter((entry) => entry !== 'wirefold')
      .map((entry) => entry.replace('wirefold/', '').concat('/package.json'))
    const expected = [...manifests, 'README.md', 'CHANGELOG.md', 'LICENSE', 'docs/concepts.md']
    expect(files).toEqual(expect.arrayContaining(expected))
    const unexpected = files
      .filter((file) => !manifests.includes(file))
      .filter((file) => !ALLOWED.some((pattern) => pattern.test(file)))
    expect(unexpected).toEqual([])
  })

  it('name no source map, since there is none', () => {
    const named = files
      .filter((file) => file.startsWith('dist/'))
      .filter((file) => readFileSync(join(root, file), 'utf8').includes('sourceMappingURL'))
    expect(named).toEqual([])
  })

  it('have every document that the README and the changelog link', () => {
    const missing = ['README.md', 'CHANGELOG.md']
      .flatMap((file) => [
        ...readFileSync(join(root, file), 'utf8').matchAll(/\]\(([^)#]+)[^)]*\)/g),
      ])
      .map(([, target = '']) => target)
      .filter((target) => !target.startsWith('http') && !files.includes(target))
    expect(missing).toEqual([])
  })
})

describe('an application on plain Node', () => {
  let bare: Packed
  let full: Packed

  beforeAll(() => {
    bare = packed()
    full = packed(Object.keys(peerDependencies))
  })

  afterAll(() => {
    bare?.remove()
    full?.remove()
  })

  for (const [how, program] of Object.entries(opening)) {
    it(`opens every entry ${how} with all peers`, () => {
      const counts = full
        .node(...program)
        .trim()
        .split('\n')
      expect(counts).toEqual(entries.map(() => expect.stringMatching(/^[1-9]\d*$/)))
    })

    it(`opens every entry ${how} without a peer, or names one that the table of entries lists for it`, () => {
      const outcomes = bare
        .node(...program)
        .trim()
        .split('\n')
      expect(outcomes).toHaveLength(entries.length)
      for (const [index, entry] of entries.entries()) {
        const outcome = outcomes[index] ?? ''
        if (/^[1-9]\d*$/.test(outcome)) continue
        const peer = /Cannot find (?:package|module) '([^']+)'/.exec(outcome)?.[1] ?? outcome
        expect(needed(entry), entry).toContain(peer)
        // The range of package.json is what package managers suggest.
        expect(Object.keys(peerDependencies), entry).toContain(peer)
      }
    })
  }

  it('has a manifest whose paths are files', () => {
    const root = join(full.folder, 'node_modules/wirefold')
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const paths = (value: unknown): string[] =>
      typeof value === 'string' ? [value] : Object.values(Object(value)).flatMap(paths)
    for (const path of [manifest.main, manifest.module, manifest.types, ...paths(manifest.exports)])
      expect(statSync(resolve(root, path)).isFile(), path).toBe(true)
  })
})
