import type { Cancel, Clock } from 'wirefold'
import type { Random } from '../malformed-input/random.ts'
import type { Weather } from './weather.ts'

/** What one way of a connection is made of. */
export interface PipeParts<Item> {
  readonly clock: Clock
  readonly random: Random
  /** Of this moment: it changes while things are under way. */
  readonly weather: Weather
  /** In bytes. */
  readonly size: (item: Item) => number
  /** Takes what arrives at one moment, in order. */
  readonly deliver: (items: readonly Item[]) => void
}

/** One way of one connection: first in, first out, as late as the weather makes it. */
export class Pipe<Item> {
  /** How much is under way. */
  bytes = 0
  readonly #parts: PipeParts<Item>
  #queue: { readonly item: Item; readonly size: number; readonly at: number }[] = []
  #holds = 0
  #stopped = false
  /** When the line is free for the next byte. */
  #freeAt = 0
  /** When the last item arrives. */
  #lastAt = 0
  #cancel: Cancel | undefined

  constructor(parts: PipeParts<Item>) {
    this.#parts = parts
  }

  /** Sends something on its way. */
  push(item: Item): void {
    if (this.#stopped) return
    const size = this.#parts.size(item)
    this.bytes += size
    this.#queue.push({ item, size, at: this.#arrival(size) })
    this.#arm()
  }

  /** Lets nothing arrive until the returned function is called. */
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

  /** Whether nothing arrives. */
  get held(): boolean {
    return this.#holds > 0
  }

  /** Loses what is under way, and whatever comes. */
  stop(): void {
    this.#stopped = true
    this.#queue = []
    this.bytes = 0
    this.#disarm()
  }

  #arrival(size: number): number {
    const { clock, random, weather } = this.#parts
    const { least, most, bytesPerSecond, burstMs } = weather
    this.#freeAt = Math.max(this.#freeAt, clock.now()) + (size / bytesPerSecond) * 1_000
    const at = Math.max(this.#lastAt, this.#freeAt + least + random.below(most - least + 1))
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
