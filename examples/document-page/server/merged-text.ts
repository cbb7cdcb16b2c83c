import { difference } from '../difference.ts'
import type { Change, Edit } from '../shared.ts'

/** A letter of a text, with the edits that wrote and removed it. */
interface Letter {
  readonly sign: string
  readonly written: Edit
  readonly removed: Edit[]
}

/**
 * A text that several panels edit at the same time. Removed letters are kept: from them the server
 * knows the text that a panel had in view, and so the place of an edit in the present text.
 */
export class MergedText {
  readonly #letters: Letter[]
  #last: Edit

  /** @param first the edit that stands for the first text */
  constructor(text: string, first: Edit) {
    this.#letters = lettersOf([...text], first)
    this.#last = first
  }

  /** The newest edit. */
  get last(): Edit {
    return this.#last
  }

  /** Returns the present text. */
  toString(): string {
    return signsOf(this.#letters.filter(({ removed }) => removed.length === 0)).join('')
  }

  /**
   * Carries out an edit of a panel: what others wrote and removed meanwhile stays so.
   *
   * @returns false, without an effect, if the panel cannot have had the text `before` in view: then
   * that text contains an edit that the server has refused
   */
  edit({ before, text, seen }: Change, edit: Edit): boolean {
    const knows = ({ number, by }: Edit) => number <= seen || by === edit.by
    const inView = this.#letters.filter(
      ({ written, removed }) => knows(written) && !removed.some(knows),
    )
    const signs = signsOf(inView)
    if (signs.join('') !== before) return false
    const { from, removed, added } = difference(signs, [...text])
    for (const letter of inView.slice(from, from + removed)) letter.removed.push(edit)
    // Behind the same letter as in the panel, so that the letters of a word stay together.
    const left = inView[from - 1]
    const place = left ? this.#letters.indexOf(left) + 1 : 0
    this.#letters.splice(place, 0, ...lettersOf(added, edit))
    this.#last = edit
    return true
  }
}

function lettersOf(signs: readonly string[], written: Edit): Letter[] {
  return signs.map((sign) => ({ sign, written, removed: [] }))
}

function signsOf(letters: readonly Letter[]): readonly string[] {
  return letters.map(({ sign }) => sign)
}
