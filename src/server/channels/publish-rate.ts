import type { Cancel, Clock } from '../../base/clock.ts'
import { WirefoldError } from '../../base/errors.ts'
import { refuse } from '../access/refusals.ts'

/** How long a window is, in milliseconds. */
const WINDOW_MS = 1_000

/** What happens to an event that is one too many. */
export type BroadcastOverflow = 'drop' | 'coalesce'

/** An event that waits for the next window. */
interface Waiting {
  readonly go: () => void
  readonly give: (error: unknown) => void
}

/** A channel's present second. */
interface CapWindow {
  readonly endsAt: number
  /** How many events it let through. */
  count: number
  /** The newest of each type that was one too many. */
  readonly waiting: Map<string, Waiting>
  cancel: Cancel | undefined
}

/** How a {@link PublishRate} is made. */
export interface PublishRateOptions {
  readonly clock: Clock
  /** How many events of one channel are let through in a second. */
  readonly maxPerSecond: number
  readonly overflow: BroadcastOverflow
}

/**
 * Lets so many events of a channel through in a second, before they have a place in its history.
 *
 * Of what is too much, `coalesce` keeps the newest event of each type for the next second; whoever
 * published what it takes the place of is told, as with `drop`.
 */
export class PublishRate {
  readonly #options: PublishRateOptions
  /** In the order in which they end. */
  readonly #windows = new Map<string, CapWindow>()
  #dropped = 0

  constructor(options: PublishRateOptions) {
    this.#options = options
  }

  /** How many channels it knows the last second of. */
  get size(): number {
    return this.#windows.size
  }

  /** How many events were not let through. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Resolves once an event may be added to its channel; `undefined` where that is now. Throws or
   * rejects with `rate-limited` where it may not be added, and rejects with `closed` once the cap is.
   */
  admit(channel: string, type: string): Promise<void> | undefined {
    if (this.#options.maxPerSecond === Number.POSITIVE_INFINITY) return undefined
    this.#forget()
    const current = this.#windows.get(channel) ?? this.#open(channel)
    if (current.count < this.#options.maxPerSecond) {
      current.count += 1
      return undefined
    }
    if (this.#options.overflow === 'drop') throw this.#tooMany(current)
    return this.#next(channel, type, current)
  }

  /** Nothing waits any more. */
  close(): void {
    for (const { waiting, cancel } of this.#windows.values()) {
      cancel?.()
      const closed = new WirefoldError('closed', 'The event was not published: it waited.', {})
      for (const { give } of waiting.values()) give(closed)
    }
    this.#windows.clear()
  }

  #open(channel: string): CapWindow {
    const endsAt = this.#options.clock.now() + WINDOW_MS
    const current: CapWindow = { endsAt, count: 0, waiting: new Map(), cancel: undefined }
    this.#windows.set(channel, current)
    return current
  }

  /** Drops the windows that are over; those with something waiting end by their timer. */
  #forget(): void {
    const now = this.#options.clock.now()
    for (const [channel, { endsAt, cancel }] of this.#windows) {
      if (endsAt > now) return
      if (!cancel) this.#windows.delete(channel)
    }
  }

  #next(channel: string, type: string, current: CapWindow): Promise<void> {
    const { clock } = this.#options
    current.waiting.get(type)?.give(this.#tooMany(current))
    // The newest is the last of those that wait.
    current.waiting.delete(type)
    current.cancel ??= clock.after(current.endsAt - clock.now(), () => this.#turn(channel, current))
    return new Promise((go, give) => current.waiting.set(type, { go, give }))
  }

  /** A second is over: what waits goes first in the next one, as far as that reaches. */
  #turn(channel: string, { waiting }: CapWindow): void {
    this.#windows.delete(channel)
    const current = this.#open(channel)
    for (const [type, { go, give }] of waiting) {
      if (current.count < this.#options.maxPerSecond) {
        current.count += 1
        go()
      } else this.#next(channel, type, current).then(go, give)
    }
  }

  #tooMany({ endsAt }: CapWindow): WirefoldError {
    this.#dropped += 1
    const { clock, maxPerSecond } = this.#options
    const retryAfterMs = Math.max(Math.ceil(endsAt - clock.now()), 1)
    return refuse('rate-limited', `More than ${maxPerSecond} events a second.`, {
      retryable: true,
      retryAfterMs,
    })
  }
}
