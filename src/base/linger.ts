import type { Cancel, Clock } from './clock.ts'

/** Things that are let go a little after they were last used, on one timer for all of them. */
export class Linger<Item> {
  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #release: (items: readonly Item[]) => void
  /** When each was last used; all linger equally long, so the first in is the first out. */
  readonly #since = new Map<Item, number>()
  #cancel: Cancel | undefined

  constructor(clock: Clock, lingerMs: number, release: (items: readonly Item[]) => void) {
    this.#clock = clock
    this.#lingerMs = lingerMs
    this.#release = release
  }

  /** How many linger. */
  get size(): number {
    return this.#since.size
  }

  /** Lets an item go in a while, unless it is kept before. */
  add(item: Item): void {
    this.#since.delete(item)
    this.#since.set(item, this.#clock.now())
    this.#arm()
  }

  /** Keeps an item after all. */
  keep(item: Item): void {
    this.#since.delete(item)
    if (this.#since.size === 0) this.#disarm()
  }

  /** Lets everything go now. */
  flush(): void {
    this.#disarm()
    const items = [...this.#since.keys()]
    this.#since.clear()
    this.#release(items)
  }

  #arm(): void {
    if (this.#cancel) return
    for (const since of this.#since.values()) {
      this.#cancel = this.#clock.after(since + this.#lingerMs - this.#clock.now(), () =>
        this.#sweep(),
      )
      return
    }
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #sweep(): void {
    this.#cancel = undefined
    const due: Item[] = []
    for (const [item, since] of this.#since) {
      // Timers may fire a little early; half a millisecond is not worth another round.
      if (since + this.#lingerMs - this.#clock.now() > 0.5) break
      due.push(item)
      this.#since.delete(item)
    }
    this.#arm()
    this.#release(due)
  }
}
