import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { documents } from './blocks.ts'
import { deadTests, repeated } from './references.ts'

const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).map(
  (file) => `test/${file.replaceAll('\\', '/')}`,
)

describe.each(documents)('%s', (document) => {
  const text = readFileSync(document, 'utf8')

  it('has each numbered row and each heading once', () => {
    expect(repeated(text)).toEqual([])
  })

  it('names existing tests', () => {
    const folder = document === 'docs/security.md' ? 'test/security' : undefined
    expect(deadTests(text, files, folder)).toEqual([])
  })
})

describe('the check of numbers and tests', () => {
  it('reports a number that stands twice, and a heading below the same one', () => {
    const rows = ['| S1 | one |', '| 1 | one |', '| S1 | two |', '### 4. A', '### 4. B']
    expect(repeated(rows.join('\n'))).toEqual(['row S1', 'heading 4'])
    const headings = ['# A', '## 1.0', '### Added', '## 1.1', '### Added', '### Added']
    expect(repeated(headings.join('\n'))).toEqual(['A > 1.1 > Added'])
  })

  it('reports tests that do not exist, one by one', () => {
    const text = [
      '| S1 | first | `a`, `b`, `test/c/{d,e}.test.ts` |',
      '`test/c/*.test.ts`, `test/c`, `test/c/<name>.test.ts`, `npx vitest run test/x`',
    ].join('\n')
    expect(deadTests(text, ['test/c/d.test.ts', 'test/s/a.test.ts'], 'test/s')).toEqual([
      'test/c/e.test.ts',
      'test/x',
      'test/s/b',
    ])
  })
})
