import type { Cancel, Clock } from './clock.ts'

/** Items that are released some time after their last use, on one timer for all of them. */
export class Linger<Item> {
  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #release: (items: readonly Item[]) => void
  /** When each item was last used; all linger equally long, so the oldest is released first. */
  readonly #since = new Map<Item, number>()
  #cancel: Cancel | undefined

  constructor(clock: Clock, lingerMs: number, release: (items: readonly Item[]) => void) {
    this.#clock = clock
    this.#lingerMs = lingerMs
    this.#release = release
  }

  /** Number of lingering items. */
  get size(): number {
    return this.#since.size
  }

  /** Releases an item after the linger time, unless `keep` is called before. */
  add(item: Item): void {
    this.#since.delete(item)
    this.#since.set(item, this.#clock.now())
    // Where others linger already, the timer is set for one of them.
    if (this.#since.size === 1) this.#arm()
  }

  /** Cancels the release of an item. */
  keep(item: Item): void {
    this.#since.delete(item)
    if (this.#since.size === 0) this.#arm()
  }

  /** Releases all items now, and those that are added by their release. */
  flush(): void {
    while (this.#since.size > 0) {
      const items = [...this.#since.keys()]
      this.#since.clear()
      this.#arm()
      this.#release(items)
    }
  }

  /** Sets the timer for the item that lingers longest, or none. */
  #arm(): void {
    this.#cancel?.()
    for (const since of this.#since.values()) {
      const ms = since + this.#lingerMs - this.#clock.now()
      this.#cancel = this.#clock.after(ms, () => this.#sweep())
      break
    }
  }

  #sweep(): void {
    const due: Item[] = []
    for (const [item, since] of this.#since) {
      // Timers may fire early; half a millisecond is not worth another timer.
      if (since + this.#lingerMs - this.#clock.now() > 0.5) break
      due.push(item)
      this.#since.delete(item)
    }
    this.#arm()
    this.#release(due)
  }
}
