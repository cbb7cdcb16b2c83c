import type { Clock } from '../../base/clock.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { ResolvedLimits } from '../access/limits.ts'
import { rateLimited } from '../access/refusals.ts'
import type { RateStore } from '../broker/rate-store.ts'
import type { ReadCommand } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { MessageLimiter } from './mount.ts'

/** How many seconds' worth may come at once; a client that paces itself counts on two. */
const BURST_SECONDS = 2
/** How long a fault counts, in milliseconds. */
const FAULT_WINDOW_MS = 60_000

/** What is measured. */
type Measure = 'messages' | 'bytes' | 'subscribes'

/** Limits the messages of one connection to the rates of a connection and of its user. */
export class InboundLimiter implements MessageLimiter {
  readonly #deps: InboundLimiterDeps
  readonly #buckets = new Map<Measure, TokenBucket>()
  /** When frames went beyond a rate, and when frames were malformed. */
  readonly #violations: number[] = []
  readonly #malformed: number[] = []
  /** Until when a shared store lets nothing in, on the monotonic clock. */
  readonly #shut = new Map<Measure, number>()
  #userId: string | undefined

  constructor(deps: InboundLimiterDeps) {
    this.#deps = deps
    const { limits, clock } = deps
    for (const measure of ['messages', 'bytes', 'subscribes'] as const) {
      const perSecond = limits[`${measure}PerSecond`]
      if (!Number.isFinite(perSecond)) continue
      this.#buckets.set(measure, new TokenBucket(perSecond, BURST_SECONDS * perSecond, clock.now()))
    }
  }

  belongsTo(userId: string | undefined): void {
    this.#userId = userId
  }

  take(bytes: number): boolean {
    return this.admit([{ kind: 'pong' }], bytes, { refuse() {} }) !== undefined
  }

  /**
   * Admits the messages of a frame that keep the rates, and has the others refused.
   *
   * @returns the admitted messages; `undefined` where too many frames went beyond a rate
   */
  admit(
    entries: readonly ReadCommand[],
    bytes: number,
    writer: Pick<FrameWriter, 'refuse'>,
  ): readonly ReadCommand[] | undefined {
    const admitted: ReadCommand[] = []
    const frameWaitMs = this.#take('bytes', bytes)
    let namelessWaitMs = 0
    for (const entry of entries) {
      const waitMs = frameWaitMs || this.#waitMs(entry)
      const requestId = 'requestId' in entry ? entry.requestId : undefined
      if (waitMs === 0) admitted.push(entry)
      else if (requestId === undefined) namelessWaitMs = waitMs
      else writer.refuse(rateLimited(waitMs), requestId)
    }
    if (namelessWaitMs) writer.refuse(rateLimited(namelessWaitMs))
    if (admitted.length === entries.length) return admitted
    const { violationsPerMinute } = this.#deps.limits
    return this.#isOneTooMany(this.#violations, violationsPerMinute) ? undefined : admitted
  }

  /** Counts a malformed frame; true where it is one too many. */
  malformed(): boolean {
    return this.#isOneTooMany(this.#malformed, this.#deps.limits.malformedPerMinute)
  }

  #isOneTooMany(times: number[], most: number): boolean {
    const now = this.#deps.clock.now()
    const first = times.findIndex((time) => now - time < FAULT_WINDOW_MS)
    times.splice(0, first === -1 ? times.length : first)
    times.push(now)
    return times.length >= most
  }

  #waitMs(entry: ReadCommand): number {
    const count = entry.kind === 'fault' ? entry.of.length : 1
    const waitMs = this.#take('messages', count)
    if (waitMs || entry.kind !== 'subscribe') return waitMs
    return this.#take('subscribes', entry.channels.length)
  }

  #take(measure: Measure, count: number): number {
    const now = this.#deps.clock.now()
    const bucket = this.#buckets.get(measure)
    const waitMs = bucket?.waitMs(now, count) || this.#takeOfUser(measure, count, now)
    if (waitMs === 0) bucket?.take(count)
    return waitMs
  }

  #takeOfUser(measure: Measure, count: number, now: number): number {
    const { rates, report, limits } = this.#deps
    const perSecond = limits.perUser[`${measure}PerSecond`]
    if (this.#userId === undefined || !Number.isFinite(perSecond)) return 0
    const shutMs = (this.#shut.get(measure) ?? 0) - now
    if (shutMs > 0) return shutMs
    const rate = { perSecond, burst: BURST_SECONDS * perSecond }
    const waitMs = rates.take(`${measure}:${this.#userId}`, count, rate)
    if (typeof waitMs === 'number') return waitMs
    // A message does not wait for the store: its answer holds for the next message.
    waitMs.then((ms) => this.#shut.set(measure, now + ms), report)
    return 0
  }
}

/** What the limiters of a server share. */
export interface InboundLimiterDeps {
  readonly limits: ResolvedLimits
  /** Counts for the limits of users. */
  readonly rates: RateStore
  readonly clock: Clock
  /** Receives the errors of the store. */
  readonly report: (error: unknown) => void
}
