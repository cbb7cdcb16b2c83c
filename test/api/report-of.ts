import { dirname } from 'node:path'
import ts from 'typescript'

/** Returns a symbol itself, where it is an import or an export of another file. */
const original = (symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

const printer = ts.createPrinter({ removeComments: true, omitTrailingSemicolon: true })

/** Prints one declaration of an export, without its comments and private members. */
function printed(declaration: ts.Declaration): string {
  // A constant is declared within a list, which names its type.
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  const text = printer.printNode(ts.EmitHint.Unspecified, node, declaration.getSourceFile())
  return text
    .replace(/^ *(?:private |#).*\n/gm, '')
    .replace(/^(?:export |declare )+/, '')
    .trimEnd()
}

/** Returns the symbols that an entry exports, in the order of their names. */
function exportsOf(program: ts.Program, entry: string): readonly ts.Symbol[] {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(entry)
  const module = file && checker.getSymbolAtLocation(file)
  return module ? checker.getExportsOfModule(module).sort(byName) : []
}

function byName(one: ts.Symbol, other: ts.Symbol): number {
  return one.name < other.name ? -1 : 1
}

/** Returns the exports of an entry with their declarations, in the order of their names. */
export function reportOf(program: ts.Program, entry: string): string {
  const checker = program.getTypeChecker()
  const parts = exportsOf(program, entry).map((exported) => {
    const { name, declarations = [] } = original(exported, checker)
    const alias = name === exported.name ? '' : `// exported as ${exported.name}\n`
    return alias + declarations.map(printed).join('\n')
  })
  return parts.length > 0 ? `${parts.join('\n\n')}\n` : '// The entry exports nothing.\n'
}

/**
 * Returns the declarations that signatures of the entries refer to, and no entry exports: an application
 * uses them without their names, such as the type of what a function returns.
 */
export function unexportedOf(program: ts.Program, entries: readonly string[]): string {
  const checker = program.getTypeChecker()
  const reached = new Set(
    entries.flatMap((entry) => exportsOf(program, entry)).map((one) => original(one, checker)),
  )
  const exported = new Set(reached)
  const files = new Set(program.getSourceFiles().filter(isOfEntries(entries)))
  const visit = (node: ts.Node): void => {
    const symbol = ts.isIdentifier(node) ? checker.getSymbolAtLocation(node) : undefined
    const target = symbol && original(symbol, checker)
    const [declaration] = target?.declarations ?? []
    if (
      target &&
      declaration &&
      isTopLevel(declaration) &&
      files.has(declaration.getSourceFile())
    ) {
      // A Set is iterated up to what is added meanwhile.
      reached.add(target)
    }
    ts.forEachChild(node, visit)
  }
  for (const { declarations = [] } of reached) declarations.forEach(visit)
  const texts = [...reached]
    .filter((symbol) => !exported.has(symbol))
    .sort(byName)
    .map(({ declarations = [] }) => `${declarations.map(printed).join('\n')}\n`)
  // Chunks may have copies of the same type.
  return [...new Set(texts)].join('\n')
}

/** Whether a file is one of the entries, or a chunk beside them. */
function isOfEntries(entries: readonly string[]): (file: ts.SourceFile) => boolean {
  const root = dirname(entries[0] ?? '')
  return ({ fileName }) => fileName.startsWith(`${root}/`)
}

function isTopLevel(declaration: ts.Declaration): boolean {
  const owner = ts.isVariableDeclaration(declaration)
    ? declaration.parent.parent.parent
    : declaration.parent
  return ts.isSourceFile(owner)
}
