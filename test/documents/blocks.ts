import { readdirSync, readFileSync } from 'node:fs'

/** A fenced block of a document. */
export interface Block {
  /** The path of its document. */
  readonly document: string
  /** The line of the document on which the code begins, from 1. */
  readonly line: number
  /**
   * The language after the fence, such as `ts` or `sh`; empty if there is none. Words behind it say
   * why the block is not run.
   */
  readonly language: string
  readonly code: string
}

const markdownIn = (folder: string): readonly string[] =>
  readdirSync(folder, { encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => (folder === '.' ? name : `${folder}/${name}`))

/** The paths of all documents for users. */
export const documents: readonly string[] = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...markdownIn('docs/backends'),
  ...markdownIn('docs/guides'),
  ...markdownIn('docs/protocol'),
  ...markdownIn('docs/reference'),
  ...readdirSync('examples', { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => markdownIn(`examples/${name}`)),
]

/** Returns the fenced blocks in the text of a document. */
export function blocksIn(document: string, text: string): readonly Block[] {
  const blocks: Block[] = []
  let open: { readonly language: string; readonly line: number; code: string } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(\S*)/.exec(line)
    if (!fence) {
      if (open) open.code += `${line}\n`
    } else if (open) {
      blocks.push({ document, ...open })
      open = undefined
    } else open = { language: fence[1] ?? '', line: index + 2, code: '' }
  }
  if (open) throw new Error(`${document}: the block of line ${open.line - 1} has no end.`)
  return blocks
}

/** Every fenced block of every document. */
export const blocks: readonly Block[] = documents.flatMap((document) =>
  blocksIn(document, readFileSync(document, 'utf8')),
)

/** Returns the only block of a document that contains `text`. */
export function blockWith(document: string, text: string): Block {
  const found = blocks.filter((block) => block.document === document && block.code.includes(text))
  const [block] = found
  if (!block || found.length > 1) {
    throw new Error(`${document} has ${found.length} blocks with ${JSON.stringify(text)}, not one.`)
  }
  return block
}
