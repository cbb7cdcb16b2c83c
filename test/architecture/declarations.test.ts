import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, it } from 'vitest'

const entries = readdirSync('src/entries', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3))

/** An item of a list of imports or exports: `type Name as Other`. */
interface Item {
  readonly name: string
  readonly as: string
}

function items(list: string): readonly Item[] {
  return list
    .split(',')
    .map((item) =>
      item
        .trim()
        .replace(/^type /, '')
        .split(' as '),
    )
    .filter(([name]) => name)
    .map(([name = '', as = name]) => ({ name, as }))
}

/** The types in a declaration file, each as `declaring file:name`. */
interface Declarations {
  /** The types that it declares itself or imports. */
  readonly mentioned: readonly string[]
  /** The types that it exports. */
  readonly exported: ReadonlySet<string>
}

function readDeclarations(file: string): Declarations {
  const text = readFileSync(`dist/${file}`, 'utf8')
  const own = [...text.matchAll(/^(?:declare )?(?:interface|type|class|abstract class) (\w+)/gm)]
  const imported = itemsFrom(file, text, 'import')
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}(?! from)/g)]
  const local = lists.flatMap(([, list = '']) =>
    items(list).map(({ name }) => imported.get(name) ?? `${file}:${name}`),
  )
  return {
    mentioned: [...own.map(([, name]) => `${file}:${name}`), ...imported.values()],
    exported: new Set([...local, ...itemsFrom(file, text, 'export').values()]),
  }
}

/**
 * Returns the types that a file imports or exports from other files: local name → `declaring
 * file:name`.
 */
function itemsFrom(
  file: string,
  text: string,
  keyword: 'import' | 'export',
): ReadonlyMap<string, string> {
  const statements = text.matchAll(
    new RegExp(`${keyword} (?:type )?\\{([^}]*)\\} from '(\\.[^']+)'`, 'g'),
  )
  return new Map(
    [...statements].flatMap(([, list = '', from = '']) => {
      const other = posix.join(posix.dirname(file), from).replace(/\.js$/, '.d.ts')
      const names = ownNames(readFileSync(`dist/${other}`, 'utf8'))
      return items(list).map(({ name, as }) => [as, `${other}:${names.get(name) ?? name}`] as const)
    }),
  )
}

/**
 * Returns the exports of a bundled declaration file, where names are shortened: exported name → own
 * name.
 */
function ownNames(text: string): ReadonlyMap<string, string> {
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)]
  return new Map(
    lists.flatMap(([, list = '']) => items(list).map(({ name, as }) => [as, name] as const)),
  )
}

/** Returns a name, followed by its members if it is a namespace. */
function withMembers(name: string): readonly string[] {
  const [file = '', own] = name.split(':')
  const text = readFileSync(`dist/${file}`, 'utf8')
  const list =
    text.match(new RegExp(`namespace ${own} \\{\\s*export type \\{([^}]*)\\}`))?.[1] ?? ''
  return [name, ...items(list).map(({ as }) => `${file}:${as}`)]
}

it('every type in the declarations of an entry is exported by some entry', () => {
  if (!existsSync('dist/index.d.ts')) throw new Error('There is no dist; run: npm run build')
  const declarations = entries.map((entry) => readDeclarations(`${entry}.d.ts`))
  const exported = new Set(
    declarations.flatMap((declared) => [...declared.exported].flatMap(withMembers)),
  )
  const missing = declarations.flatMap(({ mentioned }, index) =>
    mentioned
      .filter((name) => /:[A-Z]/.test(name) && !exported.has(name))
      .map((name) => `${entries[index]}: ${name.split(':')[1]}`),
  )
  expect([...new Set(missing)]).toEqual([])
})
