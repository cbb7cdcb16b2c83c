import type { Clock } from '../../base/clock.ts'
import type { Random } from './random.ts'
import type { Weather } from './weather.ts'

/** What a transit delays its items by. */
export interface TransitParts {
  readonly clock: Clock
  readonly random: Random
  readonly weather: Readonly<Weather>
}

/** One direction of one connection in memory: a queue that delays items by the weather, in order. */
export class Transit {
  /** Number of bytes in transit. */
  bytes = 0
  readonly #parts: TransitParts
  #queue: Item[] = []
  #holds = 0
  /** Number of items whose time has come while they were held. */
  #due = 0
  #stopped = false
  /** Time at which the next byte can be sent. */
  #freeAt = 0
  /** Arrival time of the last item. */
  #lastAt = 0

  constructor(parts: TransitParts) {
    this.#parts = parts
  }

  /** Number of bytes that wait for the bandwidth of the network. */
  get waitingBytes(): number {
    const { clock, weather } = this.#parts
    const waitMs = this.#freeAt - clock.now()
    return waitMs > 0 ? Math.ceil((waitMs / 1_000) * weather.bytesPerSecond) : 0
  }

  /** Sends an item, which calls `arrive` when it arrives. */
  send(bytes: number, arrive: () => void): void {
    if (this.#stopped) return
    this.bytes += bytes
    this.#queue.push({ bytes, arrive })
    const { clock } = this.#parts
    clock.after(this.#arrival(bytes) - clock.now(), () => this.#arrive())
  }

  /** Delays all arrivals until the returned function is called. */
  hold(): () => void {
    let held = true
    this.#holds++
    return () => {
      if (!held) return
      held = false
      if (--this.#holds > 0) return
      for (; this.#due > 0; this.#due--) this.#parts.clock.after(0, () => this.#arrive())
    }
  }

  /** Drops all items in transit, and all later ones. */
  stop(): void {
    this.#stopped = true
    this.#queue = []
    this.bytes = 0
  }

  #arrival(bytes: number): number {
    const { clock, random, weather } = this.#parts
    const { leastMs, mostMs, bytesPerSecond, burstMs } = weather
    this.#freeAt = Math.max(this.#freeAt, clock.now()) + (bytes / bytesPerSecond) * 1_000
    const variation = mostMs > leastMs ? random.below(mostMs - leastMs + 1) : 0
    const at = Math.max(this.#lastAt, this.#freeAt + leastMs + variation)
    this.#lastAt = burstMs > 0 ? Math.ceil(at / burstMs) * burstMs : at
    return this.#lastAt
  }

  /** Delivers the first item: timers may come in another order, items not. */
  #arrive(): void {
    if (this.#holds > 0) {
      this.#due++
      return
    }
    const item = this.#queue.shift()
    if (!item) return
    this.bytes -= item.bytes
    item.arrive()
  }
}

interface Item {
  readonly bytes: number
  readonly arrive: () => void
}
