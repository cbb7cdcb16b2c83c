import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

/**
 * Folders of src, and the folders each may import. A type is an import, too. The most specific row
 * applies: `*` matches one folder, `**` folders of any depth, and `<own>` is the name of the
 * importing folder.
 */
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  protocol: ['base'],
  ports: ['protocol', 'base'],
  contract: ['contract/client', 'contract/names', 'context', 'ports', 'protocol', 'base'],
  'contract/client': ['ports', 'protocol', 'base'],
  'contract/names': ['protocol', 'base'],
  'contract/documents': ['contract', 'protocol', 'base'],
  'dialects/*': ['ports', 'protocol', 'base'],
  transports: ['ports', 'protocol', 'base'],
  connection: ['ports', 'protocol', 'base'],
  requests: ['connection', 'ports', 'protocol', 'base'],
  storage: ['ports', 'protocol', 'base'],
  context: ['ports', 'protocol', 'base'],
  channels: ['contract', 'ports', 'protocol', 'base'],
  presence: ['channels', 'contract', 'ports', 'protocol', 'base'],
  optimistic: ['channels', 'contract', 'ports', 'protocol', 'base'],
  client: [
    ...['connection', 'requests', 'transports', 'dialects/native'],
    ...['contract', 'ports', 'protocol', 'base'],
  ],
  'backends/*': [
    ...['client', 'channels', 'context', 'dialects/*'],
    ...['ports', 'protocol', 'base'],
  ],
  'bridges/*': ['channels', 'ports', 'protocol', 'base'],
  'adapters/binding': [
    ...['client', 'presence', 'optimistic', 'channels', 'context', 'contract'],
    ...['ports', 'protocol', 'base'],
  ],
  adapters: [...['adapters/binding', 'client', 'optimistic', 'contract'], ...['protocol', 'base']],
  'server/metrics': ['base'],
  'server/application': ['base'],
  'server/access': ['protocol', 'base'],
  'server/broker': ['protocol', 'base'],
  'server/broker/memory': ['server/broker', 'protocol', 'base'],
  'server/redis/connection': ['server/access', 'protocol', 'base'],
  'server/redis/scripts': ['server/redis/connection', 'server/broker', 'protocol', 'base'],
  'server/redis/batches': [
    ...['server/redis/scripts', 'server/redis/connection', 'server/broker'],
    ...['protocol', 'base'],
  ],
  'server/redis/channels': [
    ...['server/redis/batches', 'server/redis/scripts', 'server/redis/connection'],
    ...['server/broker', 'protocol', 'base'],
  ],
  'server/redis/presence': [
    ...['server/redis/batches', 'server/redis/scripts', 'server/redis/connection'],
    ...['server/broker', 'protocol', 'base'],
  ],
  'server/redis': ['server/redis/*', 'server/broker', 'protocol', 'base'],
  'server/socket': ['server/metrics', 'protocol', 'base'],
  'server/contract': ['server/access', 'server/metrics', 'contract', 'ports', 'protocol', 'base'],
  'server/channels': [
    ...['server/broker', 'server/broker/memory', 'server/access', 'server/contract'],
    ...['protocol', 'base'],
  ],
  'server/presence': [
    ...['server/broker', 'server/broker/memory', 'server/access', 'server/contract'],
    ...['protocol', 'base'],
  ],
  'server/requests': [
    ...['server/channels', 'server/contract', 'server/broker', 'server/access'],
    ...['server/metrics', 'contract', 'protocol', 'base'],
  ],
  'server/session': [
    ...['server/requests', 'server/channels', 'server/presence', 'server/socket'],
    ...['server/broker', 'server/access', 'server/metrics', 'protocol', 'base'],
  ],
  'server/http': [
    ...['server/session', 'server/socket', 'server/access', 'server/metrics'],
    ...['protocol', 'base'],
  ],
  'server/mounts': [
    ...['server/session', 'server/channels', 'server/socket', 'server/broker'],
    ...['server/access', 'server/metrics', 'protocol', 'base'],
  ],
  'server/mounts/*': [
    ...['server/mounts', 'server/session', 'server/channels', 'server/socket', 'server/broker'],
    ...['server/access', 'server/metrics', 'dialects/<own>', 'protocol', 'base'],
  ],
  server: ['server/**', 'contract', 'protocol', 'base'],
  vite: ['server', 'server/http', 'base'],
  testing: ['**'],
  'testing/*': ['**'],
  entries: ['**'],
}

const sources: ReadonlyMap<string, string> = new Map(
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.([cm]?[jt]s|[jt]sx|svelte)$/.test(file))
    .sort()
    .map((file) => [file, readFileSync(`src/${file}`, 'utf8')]),
)

/** Returns the folder of a file; `entries` for its subfolders, too. */
const folderOf = (file: string): string => {
  const folder = posix.dirname(file)
  return folder.startsWith('entries/') ? 'entries' : folder
}

/** Returns the nodes of a file, in any depth. */
function nodesOf(file: string): readonly ts.Node[] {
  const text = sources.get(file) ?? ''
  const nodes: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    nodes.push(node)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  return nodes
}

const nodes: ReadonlyMap<string, readonly ts.Node[]> = new Map(
  [...sources.keys()].map((file) => [file, nodesOf(file)]),
)

/** Returns the expression after `from` or in `import()`; `undefined` for what imports nothing. */
function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier
  if (ts.isImportTypeNode(node)) return node.argument
  if (ts.isExternalModuleReference(node)) return node.expression
  const lazy = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  return lazy ? node.arguments[0] : undefined
}

/** Returns the imported file of src; `undefined` for another package. */
function targetOf(file: string, specifier: ts.Node): string | undefined {
  const text = ts.isLiteralTypeNode(specifier) ? specifier.literal : specifier
  if (!ts.isStringLiteralLike(text)) return `the computed ${specifier.getText()}`
  if (text.text.startsWith('.')) return posix.join(posix.dirname(file), text.text)
  const entry = /^wirefold(?:\/(.+))?$/.exec(text.text)
  return entry ? `entries/${entry[1] ?? 'index'}.ts` : undefined
}

/** The files of src that each file imports, including types but not links in comments. */
const imports: ReadonlyMap<string, readonly string[]> = new Map(
  [...nodes].map(([file, own]) => {
    const targets = own.flatMap((node) => {
      const specifier = specifierOf(node)
      return (specifier && targetOf(file, specifier)) ?? []
    })
    return [file, [...new Set(targets)]] as const
  }),
)

/** Whether a pattern of the table matches a folder. */
function names(pattern: string, folder: string): boolean {
  const expression = pattern
    .replaceAll('/', '\\/')
    .replace(/\*\*|\*/g, (star) => (star === '*' ? '[^/]+' : '.+'))
  return new RegExp(`^${expression}$`).test(folder)
}

/** Returns the most specific row for a folder. */
function rowFor(folder: string): string | undefined {
  const rank = (row: string): number => row.split('/').length * 2 - (row.includes('*') ? 1 : 0)
  return Object.keys(layers)
    .filter((row) => names(row, folder))
    .sort((one, other) => rank(other) - rank(one))[0]
}

function mayImport(from: string, to: string): boolean {
  const row = rowFor(from)
  if (from === to) return true
  if (row === undefined) return false
  const own = posix.basename(from)
  return (layers[row] ?? []).some((item) => names(item.replace('<own>', own), to))
}

/** Returns groups of nodes that reach each other, by Tarjan's algorithm. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const low = new Map<string, number>()
  const seen = new Map<string, number>()
  const stack: string[] = []
  const groups: string[] = []
  const visit = (node: string): number => {
    const order = seen.size
    seen.set(node, order)
    low.set(node, order)
    stack.push(node)
    let least = order
    for (const next of graph.get(node) ?? []) {
      if (!seen.has(next)) least = Math.min(least, visit(next))
      else if (stack.includes(next)) least = Math.min(least, seen.get(next) ?? least)
    }
    low.set(node, least)
    if (least === order) {
      const group = stack.splice(stack.indexOf(node))
      const importsItself = graph.get(node)?.includes(node)
      if (group.length > 1 || importsItself) groups.push(group.sort().join(' '))
    }
    return least
  }
  for (const node of graph.keys()) if (!seen.has(node)) visit(node)
  return groups.sort()
}

describe('the layers', () => {
  it('have a row for every folder of src', () => {
    const folders = [...new Set([...sources.keys()].map(folderOf))]
    expect(folders.filter((folder) => rowFor(folder) === undefined)).toEqual([])
  })

  it('import only what the table allows', () => {
    const wrong = [...imports].flatMap(([file, targets]) =>
      targets
        .filter(
          (target) =>
            folderOf(target) === 'entries' || !mayImport(folderOf(file), folderOf(target)),
        )
        .map((target) => `${file} → ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('have no cycle of files or folders', () => {
    const folders = new Map<string, string[]>()
    for (const [file, targets] of imports) {
      const others = targets.map(folderOf).filter((folder) => folder !== folderOf(file))
      folders.set(folderOf(file), [...(folders.get(folderOf(file)) ?? []), ...others])
    }
    expect([...cycles(imports), ...cycles(folders)]).toEqual([])
  })
})

describe('a contract', () => {
  it('is reached at run time through the object that the application passes', () => {
    const wrong = [...nodes]
      .filter(([file]) => !/^(contract|entries|server)\//.test(file))
      .flatMap(([file, own]) =>
        own
          .filter((node) => ts.isImportDeclaration(node) && !node.importClause?.isTypeOnly)
          .flatMap((node) => targetOf(file, specifierOf(node) ?? node) ?? [])
          .filter((target) => target.startsWith('contract/'))
          .map((target) => `${file} → ${target}`),
      )
    expect(wrong).toEqual([])
  })
})

describe('an entry', () => {
  it('only re-exports other files', () => {
    const rest = [...sources]
      .filter(([file]) => folderOf(file) === 'entries')
      .filter(([, text]) => {
        const own = text.replace(/export (type )?(\* as \w+|\{[^}]*\}) from '[^']+'\n/g, '')
        return (
          own
            .replace(/^'use client'\n/, '')
            .replace(/\/\*[\s\S]*?\*\//g, '')
            .trim() !== ''
        )
      })
    expect(rest.map(([file]) => file)).toEqual([])
  })
})

describe('a folder', () => {
  it('holds no more than 20 files, and a file no more than 400 lines', () => {
    const counts = new Map<string, number>()
    for (const file of sources.keys()) {
      const folder = folderOf(file)
      if (folder !== 'entries') counts.set(folder, (counts.get(folder) ?? 0) + 1)
    }
    const wide = [...counts]
      .filter(([, count]) => count > 20)
      .map(([folder, count]) => `${folder}: ${count}`)
    const long = [...sources]
      .filter(([, text]) => text.trimEnd().split('\n').length > 400)
      .map(([file]) => file)
    expect([...wide, ...long]).toEqual([])
  })
})

/** Whether a node reads a global of the browser, unless its file declares another of that name. */
function isPlatform(node: ts.Node, own: readonly ts.Node[]): boolean {
  if (!ts.isIdentifier(node) || !/^(window|document|navigator)$/.test(node.text)) return false
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node)
    return parent.expression.getText() === 'globalThis'
  const isName = 'name' in parent && parent.name === node
  if (ts.isBindingElement(parent)) return parent.parent.parent.getText().endsWith('= globalThis')
  if (isName && !ts.isShorthandPropertyAssignment(parent)) return false
  const declares = (other: ts.Node): boolean =>
    (ts.isBindingElement(other) || ts.isVariableDeclaration(other) || ts.isParameter(other)) &&
    other.name.getText() === node.text
  return !own.some(declares)
}

describe('the platform', () => {
  it('is named in connection/environment.ts only', () => {
    const touching = [...nodes].filter(([, own]) => own.some((node) => isPlatform(node, own)))
    const files = touching.map(([file]) => file)
    expect(files.filter((file) => file !== 'connection/environment.ts')).toEqual([])
  })
})
