import { readdirSync, readFileSync } from 'node:fs'
import { type Block, blocksIn } from './blocks.ts'

/**
 * Returns the code of the `@example` tags in the text of a source file. Without a fence the code is TypeScript, as
 * TypeDoc shows it.
 */
export function examplesIn(file: string, text: string): readonly Block[] {
  const blocks: Block[] = []
  let example: { readonly line: number; code: string } | undefined
  const end = () => {
    if (example) blocks.push(...blocksOf(file, example.line, example.code))
    example = undefined
  }
  for (const [index, line] of text.split('\n').entries()) {
    const [, content] = /^\s*\* ?(?!\/)(.*)$/.exec(line) ?? []
    if (content === undefined || content.startsWith('@')) end()
    else if (example) example.code += `${content}\n`
    if (content === '@example') example = { line: index + 2, code: '' }
  }
  return blocks
}

function blocksOf(document: string, line: number, code: string): readonly Block[] {
  const fenced = blocksIn(document, code)
  if (fenced.length === 0) return [{ document, line, language: 'ts', code }]
  return fenced.map((block) => ({ ...block, line: line + block.line - 1 }))
}

/** The examples of every source file. */
export const examples: readonly Block[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .flatMap((file) => examplesIn(file, readFileSync(file, 'utf8')))
