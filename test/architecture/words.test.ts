import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Words that hide the subject of a sentence. */
const VAGUE = /\b(nobody|somebody|whoever|whatever|anybody|everybody|tells?|told|hears?)\b/gi

/** How many of them are allowed in 1,000 lines, by folder: the first row that fits. */
const most: readonly (readonly [folder: string, rate: number])[] = [
  ['client', 15],
  ['connection', 15],
  ['requests', 15],
  ['channels', 15],
  ['dialects/native', 15],
  ['', 3],
]

/** Names that were given up. */
const GONE =
  /\b(Wing|Wings|Ledger|Voice|Gate|Attended|Attendance|Outlet|Roster|Pace|Few|ServerCore)\b|-door\b/

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => [file, readFileSync(`src/${file}`, 'utf8')] as const)

/** The comments and the texts of a file. */
const prose = (text: string): string =>
  [...text.matchAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]* [^'\n]*'|`[^`]* [^`]*`/g)].join('\n')

const rowOf = (file: string): string | undefined =>
  most.find(([folder]) => folder === '' || file.startsWith(`${folder}/`))?.[0]

describe('the words of comments and messages', () => {
  it.each(most)('name their subject in %s, but for %d in 1,000 lines', (folder, rate) => {
    const files = sources.filter(([file]) => rowOf(file) === folder)
    const lines = files.reduce((sum, [, text]) => sum + text.split('\n').length, 0)
    const found = files.flatMap(([file, text]) =>
      [...prose(text).matchAll(VAGUE)].map(([word]) => `${file}: ${word}`),
    )
    expect((found.length / lines) * 1_000, found.join('\n')).toBeLessThan(rate)
  })

  it('do not come back to names that were given up', () => {
    expect(sources.filter(([, text]) => GONE.test(text)).map(([file]) => file)).toEqual([])
  })
})
