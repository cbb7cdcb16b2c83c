import { refuse } from 'wirefold/server'
import type { Edit, Paragraph } from '../shared.ts'
import { LONGEST_TEXT } from '../shared.ts'

const FIRST_TEXTS = [
  'A letter by two people',
  'Write here, or in the panel of the other person. Both show the same text.',
  'Then cut the network of one of them, go on writing in both, and connect it again.',
]

/**
 * The paragraphs of the document. Each edit replaces the text of one paragraph: edits of different
 * paragraphs are all kept, and of two edits of the same paragraph the later one is.
 */
export class Paragraphs {
  #rows: readonly Paragraph[] = FIRST_TEXTS.map((text, at) => ({ id: String(at + 1), text }))
  #edits = 0

  /** All paragraphs, in their order. */
  get all(): readonly Paragraph[] {
    return this.#rows
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
    const { id, text, own } = typeof payload === 'object' && payload ? fieldsOf(payload) : {}
    const before = this.#rows.find((row) => row.id === id)
    if (!before) throw refuse('not-found', 'the document has no such paragraph')
    if (typeof text !== 'string' || text.length > LONGEST_TEXT || typeof own !== 'number') {
      throw refuse('bad-edit', `a text has up to ${LONGEST_TEXT} characters`)
    }
    this.#edits += 1
    const edit: Edit = { number: this.#edits, by, own }
    const after: Paragraph = { id: before.id, text, edit }
    this.#rows = this.#rows.map((row) => (row === before ? after : row))
    return after
  }
}

function fieldsOf(payload: object): Readonly<Record<string, unknown>> {
  return { ...payload }
}
