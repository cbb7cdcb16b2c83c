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

/** Returns the exports of an entry with their declarations, in the order of their names. */
export function reportOf(program: ts.Program, entry: string): string {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(entry)
  const module = file && checker.getSymbolAtLocation(file)
  if (!module) return '// The entry exports nothing.\n'
  const parts = checker
    .getExportsOfModule(module)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((exported) => {
      const { name, declarations = [] } = original(exported, checker)
      const alias = name === exported.name ? '' : `// exported as ${exported.name}\n`
      return alias + declarations.map(printed).join('\n')
    })
  return `${parts.join('\n\n')}\n`
}
