import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

/** The headings of Keep a Changelog below a version. */
const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']

/** Returns the texts of the headings of a level, which is a number of `#`. */
function headings(text: string, level: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [, marks, title] = /^(#+) (.+)$/.exec(line) ?? []
    return marks === level && title ? [title] : []
  })
}

/** Returns what is wrong in a changelog whose newest version should be `version`. */
function mistakes(text: string, version: string): readonly string[] {
  const [first, ...released] = headings(text, '##')
  const versions = released.map((title) => {
    const [, name, date] = /^\[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$/.exec(title) ?? []
    const valid = date !== undefined && new Date(date).toJSON()?.startsWith(date)
    return { title, name, date: valid ? date : undefined }
  })
  const dates = versions.map(({ date = '' }) => date)
  return [
    ...(first === '[Unreleased]' ? [] : ['the first version is not [Unreleased]']),
    ...(versions[0]?.name === version ? [] : [`the newest version is not ${version}`]),
    ...versions.flatMap(({ title, date }) => (date ? [] : [`${title} has no date`])),
    ...dates.flatMap((date, at) => (date > (dates[at - 1] ?? date) ? [`${date} is too late`] : [])),
    ...headings(text, '###').flatMap((kind) =>
      KINDS.includes(kind) ? [] : [`${kind} is no kind`],
    ),
  ]
}

describe('the changelog', () => {
  const { version } = json('package.json')

  it('has the version of the package as its newest one, and dates that fall', () => {
    expect(mistakes(readFileSync('CHANGELOG.md', 'utf8'), version)).toEqual([])
  })

  it('is of the version that the lockfile has', () => {
    const lock = json('package-lock.json')
    expect([lock.version, lock.packages[''].version]).toEqual([version, version])
  })

  it('is checked for its form', () => {
    const text =
      '## Unreleased\n### New\n## [0.1.0] - 2026-02-30\n## [0.0.1] - 2026-03-01\n## [0.0.2] - 2026-04-01'
    expect(mistakes(text, '0.2.0')).toEqual([
      'the first version is not [Unreleased]',
      'the newest version is not 0.2.0',
      '[0.1.0] - 2026-02-30 has no date',
      '2026-03-01 is too late',
      '2026-04-01 is too late',
      'New is no kind',
    ])
  })
})
