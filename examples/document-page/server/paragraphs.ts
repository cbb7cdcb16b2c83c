import { randomUUID } from 'node:crypto'
import { refuse } from 'wirefold/server'
import type { Change, Edit, Paragraph } from '../shared.ts'
import { LONGEST_TEXT } from '../shared.ts'
import { MergedText } from './merged-text.ts'

const FIRST_TEXTS = [
  'A letter by two people',
  'Write here, or in the panel of the other person. Both show the same text.',
  'Then cut the network of one of them, go on writing in both, and connect it again.',
]

/** The paragraphs of the document. Edits are merged, also those of the same paragraph. */
export class Paragraphs {
  /** Identifies the document: each process begins with the first texts. */
  readonly run = randomUUID()
  readonly #texts: ReadonlyMap<string, MergedText>
  #edits = 0

  constructor() {
    const first: Edit = { run: this.run, number: 0, by: '', own: 0 }
    this.#texts = new Map(
      FIRST_TEXTS.map((text, at) => [String(at + 1), new MergedText(text, first)]),
    )
  }

  /** All paragraphs, in their order. */
  get all(): readonly Paragraph[] {
    return [...this.#texts].map(([id, text]) => ({ id, text: String(text), edit: text.last }))
  }

  /** Number of edits made. */
  get edits(): number {
    return this.#edits
  }

  /**
   * Carries out an edit, and returns the paragraph after it. Throws a refusal for a payload that is
   * not an edit, since a peer may send any value.
   *
   * @param by the id of the panel that sent it
   */
  edit(payload: unknown, by: string): Paragraph {
    const { id } = fieldsOf(payload)
    const text = this.#texts.get(String(id))
    if (!text) throw refuse('not-found', 'the document has no such paragraph')
    const change = changeOf(payload)
    const edit: Edit = { run: this.run, number: this.#edits + 1, by, own: change.own }
    if (!text.edit(change, edit)) {
      throw refuse('unknown-text', 'the server does not have the text that it was written in')
    }
    this.#edits = edit.number
    return { id: String(id), text: String(text), edit }
  }
}

function changeOf(payload: unknown): Change {
  const { before, text, seen, own } = fieldsOf(payload)
  if (typeof seen !== 'number' || typeof own !== 'number')
    throw refuse('bad-edit', 'it has no numbers')
  if (typeof before !== 'string' || typeof text !== 'string')
    throw refuse('bad-edit', 'it has no text')
  // A text that became too long by being merged can still be made shorter.
  if (text.length > Math.max(LONGEST_TEXT, before.length)) {
    throw refuse('bad-edit', `a text has up to ${LONGEST_TEXT} characters`)
  }
  return { before, text, seen, own }
}

function fieldsOf(payload: unknown): Readonly<Record<string, unknown>> {
  return { ...Object(payload) }
}
