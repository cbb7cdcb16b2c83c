import { dirname } from 'node:path'
import ts from 'typescript'

const CONFIG = 'scripts/site/tsconfig.json'

/** Returns the declarations of what each entry exports, by the entry's file: with comments, without bodies. */
export function declarationsOf(entries) {
  const { config } = ts.readConfigFile(CONFIG, ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(CONFIG))
  // The programs of TypeDoc emit nothing.
  const program = ts.createProgram(entries, {
    ...options,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    stripInternal: true,
  })
  const files = new Map()
  const statementsOf = (file) => {
    if (!files.has(file)) files.set(file, declared(program, file))
    return files.get(file)
  }
  return new Map(entries.map((entry) => [entry, exportsOf(program, entry, statementsOf)]))
}

function exportsOf(program, entry, statementsOf) {
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry))
  const parts = checker.getExportsOfModule(module).map((exported) => {
    const isAlias = exported.flags & ts.SymbolFlags.Alias
    const { name, declarations } = isAlias ? checker.getAliasedSymbol(exported) : exported
    const statements = statementsOf(declarations[0].getSourceFile())
    // A namespace of an entry is a whole file of types.
    if (ts.isSourceFile(declarations[0])) return namespace(exported.name, statements)
    const own = statements.filter((statement) => namesOf(statement).includes(name))
    return (name === exported.name ? '' : `// exported as ${exported.name}\n`) + textOf(own)
  })
  return `${parts.join('\n\n')}\n`
}

/** Returns the statements of the declarations that the compiler makes of a file. */
function declared(program, file) {
  let text = ''
  const write = (_name, written) => {
    text = written
  }
  program.emit(file, write, undefined, true)
  return ts.createSourceFile('file.d.ts', text, ts.ScriptTarget.Latest, true).statements
}

const namespace = (name, statements) => {
  const types = statements.filter((statement) => namesOf(statement).some(Boolean))
  return `export declare namespace ${name} {\n\n${textOf(types)}\n\n}`
}

const textOf = (statements) =>
  statements.map((statement) => statement.getFullText().trim()).join('\n')

const namesOf = ({ name, declarationList }) =>
  declarationList?.declarations.map(({ name }) => name.text) ?? [name?.text]
