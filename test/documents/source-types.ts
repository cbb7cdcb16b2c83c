import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** Returns the statements of a source file. */
function statementsOf(file: string): readonly ts.Statement[] {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)
    .statements
}

/**
 * Returns the names of a union: its texts, or the `name` of its objects.
 *
 * @throws if the file does not declare the type
 */
export function namesIn(file: string, type: string): readonly string[] {
  const alias = statementsOf(file).find(
    (node) => ts.isTypeAliasDeclaration(node) && node.name.text === type,
  )
  if (!alias) throw new Error(`${file} has no type ${type}.`)
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) && node.name.getText() !== 'name') return
    if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal))
      names.push(node.literal.text)
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(alias, visit)
  return names
}

/**
 * Returns the members of an interface whose members are objects: the names of their fields, with a `?` where
 * the field may be missing.
 */
export function membersIn(file: string, name: string): ReadonlyMap<string, readonly string[]> {
  const found = statementsOf(file).find(
    (node) => ts.isInterfaceDeclaration(node) && node.name.text === name,
  )
  if (!found || !ts.isInterfaceDeclaration(found)) throw new Error(`${file} has no ${name}.`)
  return new Map(
    found.members.filter(ts.isPropertySignature).map(({ name: key, type }) => {
      const code = ts.isStringLiteral(key) ? key.text : key.getText()
      const fields = type && ts.isTypeLiteralNode(type) ? type.members : []
      return [
        code,
        fields.map((field) => `${field.name?.getText() ?? ''}${field.questionToken ? '?' : ''}`),
      ]
    }),
  )
}
