import type { Edit } from '../shared.ts'

/** What one panel has counted. */
export interface Counts {
  /** Edits of this panel. */
  readonly sent: number
  /** Edits that arrived, those of this panel included. */
  readonly received: number
  /** Of those, the ones that the server made while this panel had no connection. */
  readonly replayed: number
  /** Edits that a later one has overtaken: they can no longer arrive in order. */
  readonly lost: number
  /** Edits that arrived again, or that the server made again. */
  readonly twice: number
}

/**
 * Counts the edits of one panel by the numbers that they carry: the server numbers all edits, and each
 * panel its own. Nothing here is known to the connection, so that its faults would be counted.
 */
export class Tally {
  readonly #by: string
  /** Numbers of the edits that arrived, and the first one that had to. */
  readonly #arrived = new Set<number>()
  #first: number | undefined
  #newest = 0
  /** Own numbers of all panels, as `panel number`. */
  readonly #made = new Set<string>()
  /** Own numbers of this panel that have neither arrived nor been refused. */
  readonly #open = new Set<number>()
  #newestOwn = 0
  #sent = 0
  #received = 0
  #replayed = 0
  #twice = 0

  /** @param by the id of the panel */
  constructor(by: string) {
    this.#by = by
  }

  /** Counts an edit of this panel, and returns its number. */
  send(): number {
    this.#sent += 1
    this.#open.add(this.#sent)
    return this.#sent
  }

  /** Takes back an edit that the server has refused. */
  refused(own: number): void {
    this.#open.delete(own)
  }

  /** Notes that every edit after this number has to arrive. */
  start(after: number): void {
    this.#first ??= after + 1
  }

  /** Counts an edit that arrived. */
  arrive({ number, by, own }: Edit, isReplayed: boolean): void {
    this.#received += 1
    if (isReplayed) this.#replayed += 1
    if (this.#arrived.has(number) || this.#made.has(`${by} ${own}`)) this.#twice += 1
    this.#arrived.add(number)
    this.#made.add(`${by} ${own}`)
    this.#newest = Math.max(this.#newest, number)
    if (by !== this.#by) return
    this.#open.delete(own)
    this.#newestOwn = Math.max(this.#newestOwn, own)
  }

  /** Returns the counts at this moment. */
  get counts(): Counts {
    return {
      sent: this.#sent,
      received: this.#received,
      replayed: this.#replayed,
      lost: this.#missing + [...this.#open].filter((own) => own < this.#newestOwn).length,
      twice: this.#twice,
    }
  }

  /** Number of edits that had to arrive before the newest one, and did not. */
  get #missing(): number {
    const first = this.#first ?? Math.min(...this.#arrived)
    let missing = 0
    for (let number = first; number < this.#newest; number++) {
      if (!this.#arrived.has(number)) missing += 1
    }
    return missing
  }
}
