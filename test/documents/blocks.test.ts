import { readFileSync } from 'node:fs'
import { compile } from 'svelte/compiler'
import { describe, expect, it } from 'vitest'
import { type Block, blocks, blocksIn } from './blocks.ts'
import { compiled, compileErrors, PLACEHOLDERS, programs } from './compile.ts'
import { examples, examplesIn } from './examples.ts'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))

/** Checks for the languages that are not compiled; each throws on an error. */
const checks: Readonly<Record<string, (code: string, document: string) => void>> = {
  json: (code) => void JSON.parse(code),
  svelte: (code) => void compile(code, { generate: false }),
  sh(code, document) {
    // A guide's commands are those of the reader's own project.
    if (document.startsWith('docs/guides/')) return
    const named = [...code.matchAll(/\bnpm (?:run (\S+)|(start|test)\b)/g)]
    const missing = named
      .map(([, run, short]) => run ?? short ?? '')
      .filter((name) => !scripts[name])
    if (missing.length > 0) throw new Error(`package.json has no script ${missing.join(', ')}`)
  },
  text() {},
  // `lifecycle.test.ts` writes these.
  mermaid() {},
  // `test/peers/proxies` starts the proxies with these.
  nginx() {},
  haproxy() {},
  // `test/peers/socketio` runs these.
  python() {},
  dockerfile() {},
  yaml() {},
}

/** Returns the errors in blocks that are not compiled. */
function errorsIn(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap(({ document, line, language, code }) => {
    if (compiled.has(language)) return []
    const check = checks[language]
    if (!check) return [`${document}:${line}: no check for a block of language "${language}"`]
    try {
      check(code, document)
      return []
    } catch (error) {
      return [`${document}:${line}: ${error}`]
    }
  })
}

describe('the blocks of the documents and the examples of the reference', () => {
  it('compile under all strict flags, each with its own imports', () => {
    for (const all of [blocks, examples]) expect(all.length).toBeGreaterThan(15)
    expect(compileErrors(programs)).toEqual([])
  }, 600_000)

  it('name their language, and are valid in it', () => {
    expect(errorsIn([...blocks, ...examples])).toEqual([])
  })

  it('use every placeholder', () => {
    const declared = readFileSync(PLACEHOLDERS, 'utf8').matchAll(
      /^ {2}(?:const|function|type) (\w+)/gm,
    )
    const used = [...blocks, ...examples].map(({ code }) => code).join('\n')
    const names = [...declared].map(([, name = '']) => name)
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(used))).toEqual([])
  })
})

describe('the check of the blocks', () => {
  const page = (language: string, code: string): readonly Block[] =>
    blocksIn('page.md', ['# A page', '', `\`\`\`${language}`, code, '```'].join('\n'))

  it('reports the document and line, and requires imports in each block', () => {
    const wrong = [
      ...page('ts', "import { feed } from 'wirefold'\nconst fed: string = feed.length"),
      ...page('js', 'feed()'),
    ]
    expect(compileErrors(wrong)).toEqual([
      "page.md:4: Cannot find name 'feed'.",
      "page.md:5: Type 'number' is not assignable to type 'string'.",
    ])
  }, 600_000)

  it('reads the examples of a comment, each as it stands on the site', () => {
    const source = [
      '/**',
      ' * Returns the feed.',
      ' *',
      ' * @example',
      ' * const fed: string = feed(',
      ' *   17,',
      ' * )',
      ' * @example',
      ' * ```tsx',
      ' * <Feed />',
      ' * ```',
      ' * @returns the feed',
      ' */',
      'export const feed = (id: number) => id',
    ].join('\n')
    expect(examplesIn('feed.ts', source)).toEqual([
      {
        document: 'feed.ts',
        line: 5,
        language: 'ts',
        code: 'const fed: string = feed(\n  17,\n)\n',
      },
      { document: 'feed.ts', line: 10, language: 'tsx', code: '<Feed />\n' },
    ])
  })

  it.each([
    ['', 'npm start', 'no check for a block of language ""'],
    ['sh', 'npm ci && npm run dance', 'Error: package.json has no script dance'],
    ['json', '{', 'SyntaxError'],
    ['svelte', '{#if}', 'expected_whitespace'],
  ])('rejects an invalid block of language "%s"', (language, code, message) => {
    expect(errorsIn(page(language, code))).toEqual([
      expect.stringContaining(`page.md:4: ${message}`),
    ])
  })
})
