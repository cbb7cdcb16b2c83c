import type { Edit } from '../shared.ts'

/** What one panel has counted. */
export interface Counts {
  /** Edits of this panel. */
  readonly sent: number
  /** Edits that arrived, those of this panel included. */
  readonly received: number
  /** Of those, the ones that the server made while this panel had no connection. */
  readonly replayed: number
  /** Edits of this panel that the server has refused. */
  readonly refused: number
  /** Edits that a later one has overtaken: they can no longer arrive in order. */
  readonly lost: number
  /** Edits that arrived again, or that the server made again. */
  readonly twice: number
}

/**
 * Counts the edits of one panel by the numbers that they carry: the server numbers all edits, and each
 * panel its own. Nothing here is known to the connection, so that its faults would be counted.
 *
 * Another process of the server has another document, and begins with number 1: with the first that
 * is known of it, the counts begin anew.
 */
export class Tally {
  readonly #by: string
  #run: string | undefined
  #counted = new Counted()
  /** Number of this panel's last edit; it goes on in another run. */
  #own = 0
  /** Own numbers of this panel that have neither arrived nor been refused. */
  readonly #open = new Set<number>()

  /** @param by the id of the panel */
  constructor(by: string) {
    this.#by = by
  }

  /** Counts an edit of this panel, and returns its number. */
  send(): number {
    this.#own += 1
    this.#open.add(this.#own)
    this.#counted.sent += 1
    return this.#own
  }

  /** Counts an edit that the server has refused. */
  refused(own: number): void {
    if (this.#open.delete(own)) this.#counted.refused += 1
  }

  /** Notes that every edit of a run after this number has to arrive. */
  start(run: string, after: number): void {
    this.#enter(run)
    this.#counted.first ??= after + 1
  }

  /** Counts an edit that arrived. */
  arrive({ run, number, by, own }: Edit, isReplayed: boolean): void {
    this.#enter(run)
    const { arrived, made } = this.#counted
    this.#counted.received += 1
    if (isReplayed) this.#counted.replayed += 1
    if (arrived.has(number) || made.has(`${by} ${own}`)) this.#counted.twice += 1
    arrived.add(number)
    made.add(`${by} ${own}`)
    if (by !== this.#by) return
    this.#open.delete(own)
    this.#counted.newestOwn = Math.max(this.#counted.newestOwn, own)
  }

  /** Returns the counts at this moment. */
  get counts(): Counts {
    const { sent, received, replayed, refused, twice, newestOwn, missing } = this.#counted
    const overtaken = [...this.#open].filter((own) => own < newestOwn).length
    return { sent, received, replayed, refused, lost: missing + overtaken, twice }
  }

  #enter(run: string): void {
    if (this.#run !== undefined && this.#run !== run) {
      this.#counted = new Counted()
      // These are still on their way, now to the other document.
      this.#counted.sent = this.#open.size
    }
    this.#run = run
  }
}

/** What was counted in one run of the server. */
class Counted {
  sent = 0
  received = 0
  replayed = 0
  refused = 0
  twice = 0
  newestOwn = 0
  /** The number of the first edit that has to arrive. */
  first: number | undefined
  readonly arrived = new Set<number>()
  /** Own numbers of all panels, as `panel number`. */
  readonly made = new Set<string>()

  /** Number of edits that had to arrive before the newest one, and did not. */
  get missing(): number {
    const numbers = [...this.arrived]
    const first = this.first ?? Math.min(...numbers)
    const present = numbers.filter((number) => number >= first)
    return present.length === 0 ? 0 : Math.max(...present) - first + 1 - present.length
  }
}
