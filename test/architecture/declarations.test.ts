import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const dist = resolve('dist').replaceAll('\\', '/')
const entries = readdirSync('src/entries', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `${dist}/${file.slice(0, -3)}.d.ts`)

/** Returns a symbol itself, where it is an import or an export of another file. */
const original = (symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

/** Returns the exports of a module, and of the namespaces among them. */
function exportsOf(module: ts.Symbol, checker: ts.TypeChecker): readonly ts.Symbol[] {
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = original(exported, checker)
    if (!(symbol.flags & ts.SymbolFlags.Namespace)) return symbol
    // The build gives each type of a namespace an alias that only refers to the type.
    const types = exportsOf(symbol, checker).flatMap(({ declarations = [] }) =>
      declarations.map((alias) => {
        if (!ts.isTypeAliasDeclaration(alias) || !ts.isTypeReferenceNode(alias.type))
          return undefined
        return checker.getSymbolAtLocation(alias.type.typeName)
      }),
    )
    return [symbol, ...exportsOf(symbol, checker), ...types.filter((type) => type !== undefined)]
  })
}

/** Whether a node declares a type. */
const isType = (node: ts.Node) =>
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isEnumDeclaration(node)

it('every type in the declarations of the package is exported by some entry', () => {
  if (!existsSync('dist/index.d.ts')) throw new Error('There is no dist; run: npm run build')
  const program = ts.createProgram(entries, {
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ESNext,
    // Only names are resolved here, so the types of the platform are not needed.
    noLib: true,
    types: [],
  })
  const checker = program.getTypeChecker()
  const modules = entries.map((entry) => {
    const file = program.getSourceFile(entry)
    return file && checker.getSymbolAtLocation(file)
  })
  expect(modules).not.toContain(undefined)
  const exported = new Set(modules.flatMap((module) => (module ? exportsOf(module, checker) : [])))
  const missing: string[] = []
  const visit = (node: ts.Node): void => {
    const symbol = isType(node) && node.name && checker.getSymbolAtLocation(node.name)
    if (symbol && !exported.has(symbol)) missing.push(symbol.name)
    ts.forEachChild(node, visit)
  }
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${dist}/`))
  for (const file of files) visit(file)
  expect(missing).toEqual([])
})
