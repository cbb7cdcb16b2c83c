import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** Words that hide the subject of a sentence. */
const VAGUE = /\b(nobody|somebody|whoever|whatever|anybody|everybody|tells?|told|hears?)\b/gi

/** Maximum number of them in 1,000 lines of a folder. */
const MOST = 3

const folders = ['src', 'test', 'examples', 'bench', 'docs']

/** Abandoned names that are no words of this field: none in any place. */
const UNUSED = 'wing|ledger|lane|asker|roster|outlet|attendant|attendance|departure|whereabouts'

/** Abandoned names that are words of sentences, too: none in an identifier. */
const RENAMED =
  'Voice|Gate|Pace|Few|Attended|Expectation|Authority|OngoingRequest|SessionTable|GuardedSocket|' +
  'FaultCounter|PresenceSession|PresenceStay|ServerCore'

/** Returns names with a capital, as they begin in the middle of an identifier. */
const capitals = (names: string): string =>
  names.replace(/(^|\|)[a-z]/g, (start) => start.toUpperCase())

/** Abandoned names as a part of an identifier, and of the path of a file. */
const GONE = new RegExp(
  `(?<![A-Za-z])(${UNUSED})s?(?![a-z])|(${capitals(UNUSED)}|${RENAMED})s?(?![a-z])|-door\\b`,
)
const GONE_FILE = new RegExp(`\\b(${UNUSED}|voice|gate|pace|few|attended|door)s?\\b`)

/** The source files and documents of a folder, by path. */
const filesIn = (folder: string): readonly (readonly [file: string, text: string])[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter(
      (file) => /\.(ts|tsx|js|mjs|svelte|md)$/.test(file) && !/\/(dist|node_modules)\//.test(file),
    )
    .map((file) => [file, readFileSync(file, 'utf8')] as const)

/** Returns a document, or the comments and texts of a source file without the word list above. */
const prose = (file: string, text: string): string => {
  if (file.endsWith('.md')) return text
  return [
    ...text
      .replace(VAGUE.source, '')
      .matchAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]* [^'\n]*'|`[^`]* [^`]*`/g),
  ].join('\n')
}

describe('the words of comments and messages', () => {
  it.each(folders)(`name their subject in %s, but for ${MOST} in 1,000 lines`, (folder) => {
    const own = filesIn(folder)
    const lines = own.reduce((sum, [, text]) => sum + text.split('\n').length, 0)
    const found = own.flatMap(([file, text]) =>
      [...prose(file, text).matchAll(VAGUE)].map(([word]) => `${file}: ${word}`),
    )
    expect((found.length / lines) * 1_000, found.join('\n')).toBeLessThan(MOST)
  })

  it.each(folders)('contain no abandoned names in %s', (folder) => {
    const others = filesIn(folder).filter(([file]) => file !== 'test/architecture/words.test.ts')
    const found = others.flatMap(([file, text]) => {
      const name = GONE.exec(text)?.[0] ?? GONE_FILE.exec(file)?.[0]
      return name ? [`${file}: ${name}`] : []
    })
    expect(found).toEqual([])
  })
})
