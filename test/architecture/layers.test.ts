import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * Which folder of src may import which others at run time, and why no more. A file outside all
 * folders, such as index.ts, may import everything and is imported by nothing; so do the doors within
 * a folder, which only pass on what others export.
 */
const floors: Record<string, { may: string[]; because: string }> = {
  base: { may: [], because: 'it is the ground' },
  wire: { may: ['base'], because: 'ports know nobody who wears them' },
  dialects: { may: ['wire', 'base'], because: 'translations are pure and know nothing of state' },
  connection: { may: ['wire', 'base'], because: 'a socket knows no channels' },
  context: { may: ['base'], because: 'state works without a socket' },
  channels: { may: ['connection', 'wire', 'base'], because: 'channels know no state' },
  presence: { may: ['channels', 'wire', 'base'], because: 'it is a wing above channels' },
  optimistic: {
    may: ['channels', 'context', 'wire', 'base'],
    because: 'it is a wing above channels and state',
  },
  storage: { may: ['wire', 'base'], because: 'it keeps what it is given' },
  client: {
    may: ['connection', 'dialects', 'wire', 'base'],
    because: 'it builds and joins, and names one dialect',
  },
  streams: {
    may: ['client', 'channels', 'context', 'dialects', 'wire', 'base'],
    because: 'it is a whole client for one kind of backend',
  },
  adapters: { may: ['base'], because: 'a view needs a store and nothing else' },
  transports: {
    may: ['connection', 'wire', 'base'],
    because: 'a transport wraps the default one, and knows only what it carries',
  },
  server: { may: ['dialects', 'wire', 'base'], because: 'it shares the protocol, not the client' },
  testing: { may: ['*'], because: 'a kit may use anything' },
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `src/${file.replaceAll('\\', '/')}`)
const isDoor = (file: string) => file.endsWith('-door.ts')
const folderOf = (file: string) => file.split('/').length > 2 && !isDoor(file) && file.split('/')[1]

/** The files of src that a file imports at run time. */
function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(
    /\b(import|export) type\b[^'"]*(['"])[^'"]+\2/g,
    '',
  )
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)]
  return specifiers.map(([, specifier = '']) => normalize(join(dirname(file), specifier)))
}

describe('the house', () => {
  it('has a rule for every folder', () => {
    const folders = [...new Set(sources.map(folderOf).filter(Boolean))]
    expect(folders.filter((folder) => folder && !floors[folder])).toEqual([])
  })

  it('is climbed in one direction', () => {
    const wrong: string[] = []
    for (const file of sources) {
      const from = folderOf(file)
      for (const target of imports(file)) {
        const to = folderOf(target)
        if (!to) wrong.push(`${file} may not import ${target}: doors are for those outside`)
        else if (from && from !== to) {
          const { may = [], because } = floors[from] ?? {}
          if (!may.includes(to) && !may.includes('*')) {
            wrong.push(`${file} may not import ${target}: ${because}`)
          }
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('has no translation that imports another', () => {
    const names = (file: string) => /dialects\/([a-z]+)/.exec(file)?.[1]
    const wrong = sources
      .filter((file) => folderOf(file) === 'dialects')
      .flatMap((file) =>
        imports(file)
          .filter((target) => folderOf(target) === 'dialects' && names(target) !== names(file))
          .map((target) => `${file} → ${target}`),
      )
    expect(wrong).toEqual([])
  })

  it('has doors that only pass on what others export', () => {
    const wrong = sources.filter(isDoor).filter((file) => {
      const rest = readFileSync(file, 'utf8').replace(
        /export (type )?\{[^}]*\} from '[^']+'\n/g,
        '',
      )
      return rest.trim() !== ''
    })
    expect(wrong).toEqual([])
  })

  it('names the platform’s page only where the environment is told apart', () => {
    const touching = sources.filter((file) => {
      const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      return /\b(window|document|navigator)\s*[.[]/.test(code)
    })
    expect(touching.filter((file) => file !== 'src/connection/environment.ts')).toEqual([])
  })

  it('has files of one idea: none over 300 lines', () => {
    const long = sources.filter((file) => readFileSync(file, 'utf8').split('\n').length > 300)
    // The composition root: every member is one line of forwarding and its documentation.
    expect(long.filter((file) => file !== 'src/client/realtime-client.ts')).toEqual([])
  })
})
