import type { Clock } from '../../base/clock.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { ResolvedLimits } from '../access/limits.ts'
import { rateLimited } from '../access/refusals.ts'
import type { RateStore } from '../broker/rate-store.ts'
import type { ReadCommand } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { MessageLimiter } from './mount.ts'

/** Size of a burst, in seconds of the rate; clients rely on two when they pace themselves. */
const BURST_SECONDS = 2
/** Time for which a violation or a malformed frame counts, in milliseconds. */
const FAULT_WINDOW_MS = 60_000

/** A measured quantity. */
type Measure = 'messages' | 'bytes' | 'subscribes'

/** Limits the messages of one connection to the rates of a connection and of its user. */
export class InboundLimiter implements MessageLimiter {
  readonly #deps: InboundLimiterDeps
  readonly #buckets = new Map<Measure, TokenBucket>()
  /** Times of the frames over a rate limit, on the monotonic clock. */
  readonly #violations: number[] = []
  /** Times of the malformed frames, on the monotonic clock. */
  readonly #malformed: number[] = []
  /** End of the time in which a shared store admits nothing, on the monotonic clock. */
  readonly #blockedUntil = new Map<Measure, number>()
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
   * Admits the commands of a frame within the rate limits, and refuses the others.
   *
   * @returns the admitted commands; `undefined` if the connection must be closed for its violations
   */
  admit(
    commands: readonly ReadCommand[],
    bytes: number,
    writer: Pick<FrameWriter, 'refuse'>,
  ): readonly ReadCommand[] | undefined {
    const admitted: ReadCommand[] = []
    const frameWaitMs = this.#take('bytes', bytes)
    let withoutIdWaitMs = 0
    for (const command of commands) {
      const waitMs = frameWaitMs || this.#waitMs(command)
      const requestId = 'requestId' in command ? command.requestId : undefined
      if (waitMs === 0) admitted.push(command)
      else if (requestId === undefined) withoutIdWaitMs = waitMs
      else writer.refuse(rateLimited(waitMs), requestId)
    }
    if (withoutIdWaitMs) writer.refuse(rateLimited(withoutIdWaitMs))
    if (admitted.length === commands.length) return admitted
    const { violationsPerMinute } = this.#deps.limits
    return this.#exceeds(this.#violations, violationsPerMinute) ? undefined : admitted
  }

  /** Counts a malformed frame; returns true if the connection must be closed. */
  malformed(): boolean {
    return this.#exceeds(this.#malformed, this.#deps.limits.malformedPerMinute)
  }

  /** Records a time; returns whether the limit of the window is reached. */
  #exceeds(times: number[], limit: number): boolean {
    const now = this.#deps.clock.now()
    const first = times.findIndex((time) => now - time < FAULT_WINDOW_MS)
    times.splice(0, first === -1 ? times.length : first)
    times.push(now)
    return times.length >= limit
  }

  #waitMs(command: ReadCommand): number {
    const count = command.kind === 'fault' ? command.of.length : 1
    const waitMs = this.#take('messages', count)
    if (waitMs || command.kind !== 'subscribe') return waitMs
    return this.#take('subscribes', command.channels.length)
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
    const blockedMs = (this.#blockedUntil.get(measure) ?? 0) - now
    if (blockedMs > 0) return blockedMs
    const rate = { perSecond, burst: BURST_SECONDS * perSecond }
    const waitMs = rates.take(`${measure}:${this.#userId}`, count, rate)
    if (typeof waitMs === 'number') return waitMs
    // Waiting for the store would delay every message, so its result applies to the next one.
    waitMs.then((ms) => this.#blockedUntil.set(measure, now + ms), report)
    return 0
  }
}

/** The dependencies that the limiters of a server share. */
export interface InboundLimiterDeps {
  readonly limits: ResolvedLimits
  /** Counts against the limits of users. */
  readonly rates: RateStore
  readonly clock: Clock
  /** Receives the errors of the store. */
  readonly report: (error: unknown) => void
}
