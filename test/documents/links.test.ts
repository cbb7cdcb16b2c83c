import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { documents } from './blocks.ts'
import { deadLinks } from './links.ts'

/** The files that `npm pack` puts into the package. */
function packedFiles(): ReadonlySet<string> {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }]: [{ files: { path: string }[] }] = JSON.parse(answer)
  return new Set(files.map(({ path }) => path))
}

const read = (path: string) => readFileSync(path, 'utf8')

describe('the documents', () => {
  it('in the package link only to files in the package', () => {
    const packed = packedFiles()
    const inside = documents.filter((document) => packed.has(document))
    expect(inside).toEqual(
      expect.arrayContaining(['CHANGELOG.md', 'README.md', 'docs/protocol.md']),
    )
    const files = { has: (path: string) => packed.has(path), read }
    expect(inside.flatMap((document) => deadLinks(document, files))).toEqual([])
  })

  it('in the repository link only to existing files', () => {
    expect(documents.flatMap((document) => deadLinks(document, { has: existsSync, read }))).toEqual(
      [],
    )
  })
})

describe('the check of the links', () => {
  it('reports a missing file and a missing heading, and ignores code and addresses', () => {
    const texts = new Map([
      [
        'docs/a.md',
        '# A page\n[b](b.md#the-same-1) [c](c.md) [home](../README.md#at-home) [own](#a-page)',
      ],
      [
        'docs/b.md',
        '## The same\n## `The` same?\n`[no](link)`\n```text\n[no](link)\n```\n[x](https://x)',
      ],
      ['README.md', '# Welcome'],
    ])
    const files = {
      has: (path: string) => texts.has(path),
      read: (path: string) => texts.get(path) ?? '',
    }
    expect([...texts.keys()].flatMap((document) => deadLinks(document, files))).toEqual([
      'docs/a.md: c.md: there is no docs/c.md',
      'docs/a.md: ../README.md#at-home: README.md has no heading #at-home',
    ])
  })
})
