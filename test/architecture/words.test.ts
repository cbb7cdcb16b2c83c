import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Words that hide the subject of a sentence. */
const VAGUE = /\b(nobody|somebody|whoever|whatever|anybody|everybody|tells?|told|hears?)\b/gi

/** Maximum number of them in 1,000 lines, by folder; the first matching row applies. */
const most: readonly (readonly [folder: string, rate: number])[] = [
  ['src/client', 15],
  ['src/connection', 15],
  ['src/requests', 15],
  ['src/channels', 15],
  ['src/dialects/native', 15],
  ['src', 3],
  ['test', 3],
  ['examples', 3],
  ['bench', 3],
]

/** Abandoned names. */
const GONE =
  /\b(Wing|Wings|Ledger|Voice|Gate|Attended|Attendance|Outlet|Roster|Pace|Few|ServerCore)\b|-door\b/

/** The source files of a folder, by path. */
const filesIn = (folder: string): readonly (readonly [file: string, text: string])[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => /\.(ts|tsx|js|mjs|svelte)$/.test(file) && !file.includes('/dist/'))
    .map((file) => [file, readFileSync(file, 'utf8')] as const)

const sources = filesIn('src')
const files = [...sources, ...['test', 'examples', 'bench'].flatMap(filesIn)]

/** Returns the comments and texts of a file, without the word list above. */
const prose = (text: string): string =>
  [
    ...text
      .replace(VAGUE.source, '')
      .matchAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]* [^'\n]*'|`[^`]* [^`]*`/g),
  ].join('\n')

const rowOf = (file: string): string | undefined =>
  most.find(([folder]) => file.startsWith(`${folder}/`))?.[0]

describe('the words of comments and messages', () => {
  it.each(most)(
    'name their subject in %s, with fewer than %d exceptions in 1,000 lines',
    (folder, rate) => {
      const own = files.filter(([file]) => rowOf(file) === folder)
      const lines = own.reduce((sum, [, text]) => sum + text.split('\n').length, 0)
      const found = own.flatMap(([file, text]) =>
        [...prose(text).matchAll(VAGUE)].map(([word]) => `${file}: ${word}`),
      )
      expect((found.length / lines) * 1_000, found.join('\n')).toBeLessThan(rate)
    },
  )

  it('contain no abandoned names in src', () => {
    expect(sources.filter(([, text]) => GONE.test(text)).map(([file]) => file)).toEqual([])
  })
})
