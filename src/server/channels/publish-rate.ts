import type { Cancel, Clock } from '../../base/clock.ts'
import { WirefoldError } from '../../base/errors.ts'
import { refuse } from '../access/refusals.ts'

/** Length of a window, in milliseconds. */
const WINDOW_MS = 1_000

const CLOSED =
  'The event was not published: its server or ChannelManager was closed while it waited.'

/**
 * A rate limit for the events of each channel, applied before they get a position.
 *
 * Above the limit, `drop` refuses an event. `coalesce` lets the newest event of each type wait for
 * the next second, and refuses the one that it replaces.
 */
export class PublishRate {
  readonly #options: PublishRateOptions
  /** The windows by channel, in the order in which they end. */
  readonly #windows = new Map<string, RateWindow>()
  #dropped = 0
  #closed = false

  constructor(options: PublishRateOptions) {
    this.#options = options
  }

  /** Number of channels with a window. */
  get size(): number {
    return this.#windows.size
  }

  /** Number of events refused. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Resolves once an event may be added to its channel; `undefined` if it may be added at once.
   * Throws or rejects with `rate-limited` if it is refused, and with `closed` where it would wait
   * after {@link close}.
   */
  admit(channel: string, type: string): Promise<void> | undefined {
    if (this.#options.maxPerSecond === Number.POSITIVE_INFINITY) return undefined
    this.#deleteEnded()
    const current = this.#windows.get(channel) ?? this.#open(channel)
    if (current.count < this.#options.maxPerSecond) {
      current.count += 1
      return undefined
    }
    if (this.#options.overflow === 'drop') throw this.#tooMany(current)
    if (this.#closed) throw new WirefoldError('closed', CLOSED, {})
    return this.#wait(channel, type, current)
  }

  /** Rejects the waiting events with `closed`; no later event waits. */
  close(): void {
    this.#closed = true
    for (const { waiting, cancel } of this.#windows.values()) {
      cancel?.()
      const closed = new WirefoldError('closed', CLOSED, {})
      for (const { reject } of waiting.values()) reject(closed)
    }
    this.#windows.clear()
  }

  #open(channel: string): RateWindow {
    const endsAt = this.#options.clock.now() + WINDOW_MS
    const current: RateWindow = { endsAt, count: 0, waiting: new Map(), cancel: undefined }
    this.#windows.set(channel, current)
    return current
  }

  /** Deletes the windows that are over; one with waiting events ends by its timer. */
  #deleteEnded(): void {
    const now = this.#options.clock.now()
    for (const [channel, { endsAt, cancel }] of this.#windows) {
      if (endsAt > now) return
      if (!cancel) this.#windows.delete(channel)
    }
  }

  #wait(channel: string, type: string, current: RateWindow): Promise<void> {
    const { clock } = this.#options
    current.waiting.get(type)?.reject(this.#tooMany(current))
    // A `Map` keeps the order of a known key: delete it, so that the newest event is the last.
    current.waiting.delete(type)
    current.cancel ??= clock.after(current.endsAt - clock.now(), () =>
      this.#nextWindow(channel, current),
    )
    return new Promise((resolve, reject) => current.waiting.set(type, { resolve, reject }))
  }

  /** Opens the next window, and admits the waiting events up to the limit. */
  #nextWindow(channel: string, { waiting }: RateWindow): void {
    this.#windows.delete(channel)
    const current = this.#open(channel)
    for (const [type, { resolve, reject }] of waiting) {
      if (current.count < this.#options.maxPerSecond) {
        current.count += 1
        resolve()
      } else this.#wait(channel, type, current).then(resolve, reject)
    }
  }

  #tooMany({ endsAt }: RateWindow): WirefoldError {
    this.#dropped += 1
    const { clock, maxPerSecond } = this.#options
    const retryAfterMs = Math.max(Math.ceil(endsAt - clock.now()), 1)
    return refuse('rate-limited', `More than ${maxPerSecond} events a second.`, {
      retryable: true,
      retryAfterMs,
    })
  }
}

/** The treatment of events above the limit. */
export type BroadcastOverflow = 'drop' | 'coalesce'

/** An event that waits for the next window. */
interface WaitingEvent {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The present second of a channel. */
interface RateWindow {
  readonly endsAt: number
  /** Number of events admitted. */
  count: number
  /** The newest event of each type above the limit. */
  readonly waiting: Map<string, WaitingEvent>
  /** Cancels the timer that ends the window; set if events wait. */
  cancel: Cancel | undefined
}

/** The options of a {@link PublishRate}. */
export interface PublishRateOptions {
  readonly clock: Clock
  /** Maximum number of events per second and channel. */
  readonly maxPerSecond: number
  readonly overflow: BroadcastOverflow
}
