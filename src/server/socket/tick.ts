import type { Join } from './frame-batch.ts'
import { FrameBatch } from './frame-batch.ts'

/** The present event-loop tick: flushes queues at its end, and shares their batches. */
export class Tick {
  #due: TickFlush[] = []
  readonly #empty = new Map<Join, FrameBatch>()

  /** Returns the empty batch that this tick's batches grow from. */
  begin(join: Join): FrameBatch {
    const present = this.#empty.get(join)
    if (present) return present
    const empty = FrameBatch.empty(join)
    this.#empty.set(join, empty)
    return empty
  }

  /** Requests a flush at the end of this tick. */
  request(queue: TickFlush): void {
    if (this.#due.push(queue) === 1) setImmediate(this.#end)
  }

  readonly #end = (): void => {
    const due = this.#due
    this.#due = []
    // Batches are shared only within one tick; drop the tree so that it can be collected.
    this.#empty.clear()
    for (const queue of due) queue.flush()
  }
}

/** A queue that is flushed at the end of a tick. */
export interface TickFlush {
  /** Writes the queued texts; must not throw. */
  flush(): void
}
