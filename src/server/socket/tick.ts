import type { Join } from './frame-batch.ts'
import { Batch } from './frame-batch.ts'

/** Somebody who has something to write at the end of the turn. */
export interface TurnEnd {
  /** Writes it; must not throw. */
  flush(): void
}

/** One turn of the event loop after the other: what is said in it, and by whom. */
export class Turn {
  #due: TurnEnd[] = []
  readonly #empty = new Map<Join, Batch>()

  /** The batch that this turn's texts are added to. */
  begin(join: Join): Batch {
    const begun = this.#empty.get(join) ?? Batch.empty(join)
    this.#empty.set(join, begun)
    return begun
  }

  /** Has somebody flushed at the end of this turn. */
  request(end: TurnEnd): void {
    if (this.#due.push(end) === 1) setImmediate(this.#end)
  }

  readonly #end = (): void => {
    const due = this.#due
    this.#due = []
    // Nobody is to follow what was said in a turn that is over, and nothing is to keep it.
    this.#empty.clear()
    for (const end of due) end.flush()
  }
}
