import type { Cancel, Clock } from 'wirefold'
import type { Random } from 'wirefold/testing'
import type { Weather } from './weather.ts'

/** Dependencies of a pipe. */
export interface PipeParts<Item> {
  readonly clock: Clock
  readonly random: Random
  /** The current delays, which may change while items are in transit. */
  readonly weather: Weather
  /** Returns the size of an item in bytes. */
  readonly size: (item: Item) => number
  /** Receives the items that arrive at the same time, in order. */
  readonly deliver: (items: readonly Item[]) => void
}

/** One direction of one connection: a queue that delays items by the weather. */
export class Pipe<Item> {
  /** Number of bytes in transit. */
  bytes = 0
  readonly #parts: PipeParts<Item>
  #queue: { readonly item: Item; readonly size: number; readonly at: number }[] = []
  #holds = 0
  #stopped = false
  /** Time at which the next byte can be sent. */
  #freeAt = 0
  /** Arrival time of the last item. */
  #lastAt = 0
  #cancel: Cancel | undefined

  constructor(parts: PipeParts<Item>) {
    this.#parts = parts
  }

  /** Sends an item. */
  push(item: Item): void {
    if (this.#stopped) return
    const size = this.#parts.size(item)
    this.bytes += size
    this.#queue.push({ item, size, at: this.#arrival(size) })
    this.#arm()
  }

  /** Delays all arrivals until the returned function is called. */
  hold(): () => void {
    let held = true
    this.#holds++
    this.#disarm()
    return () => {
      if (!held) return
      held = false
      this.#holds--
      this.#arm()
    }
  }

  /** True while arrivals are delayed. */
  get held(): boolean {
    return this.#holds > 0
  }

  /** Drops all items in transit, and all later ones. */
  stop(): void {
    this.#stopped = true
    this.#queue = []
    this.bytes = 0
    this.#disarm()
  }

  #arrival(size: number): number {
    const { clock, random, weather } = this.#parts
    const { leastMs, mostMs, bytesPerSecond, burstMs } = weather
    this.#freeAt = Math.max(this.#freeAt, clock.now()) + (size / bytesPerSecond) * 1_000
    const at = Math.max(this.#lastAt, this.#freeAt + leastMs + random.below(mostMs - leastMs + 1))
    this.#lastAt = burstMs > 0 ? Math.ceil(at / burstMs) * burstMs : at
    return this.#lastAt
  }

  #arm(): void {
    const [first] = this.#queue
    if (!first || this.#cancel || this.held || this.#stopped) return
    const { clock } = this.#parts
    const wait = first.at - clock.now()
    if (wait <= 0) this.#arrive()
    else {
      this.#cancel = clock.after(wait, () => {
        this.#cancel = undefined
        this.#arrive()
      })
    }
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arrive(): void {
    const now = this.#parts.clock.now()
    const later = this.#queue.findIndex(({ at }) => at > now)
    const arrived = this.#queue.splice(0, later < 0 ? this.#queue.length : later)
    for (const { size } of arrived) this.bytes -= size
    if (arrived.length > 0) this.#parts.deliver(arrived.map(({ item }) => item))
    this.#arm()
  }
}
