import type { Join } from './frame-batch.ts'
import { FrameBatch } from './frame-batch.ts'

/** Somebody who has something to write at the end of the turn. */
export interface TickFlush {
  /** Writes it; must not throw. */
  flush(): void
}

/** One turn of the event loop after the other: what is said in it, and by whom. */
export class Tick {
  #due: TickFlush[] = []
  readonly #empty = new Map<Join, FrameBatch>()

  /** The batch that this turn's texts are added to. */
  begin(join: Join): FrameBatch {
    const begun = this.#empty.get(join) ?? FrameBatch.empty(join)
    this.#empty.set(join, begun)
    return begun
  }

  /** Has somebody flushed at the end of this turn. */
  request(end: TickFlush): void {
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
