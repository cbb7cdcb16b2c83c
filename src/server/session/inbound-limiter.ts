import { TokenBucket } from '../../base/token-bucket.ts'
import { rateLimited } from '../access/refusals.ts'
import type { ServerCore } from '../server-parts.ts'
import { FaultCounter } from './fault-counter.ts'
import type { ReadCommand } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'

/** How many seconds' worth may come at once; a client that paces itself counts on two. */
const BURST_SECONDS = 2

/** What is measured. */
type Measure = 'messages' | 'bytes' | 'subscribes'

/** Lets the messages of one connection in, as fast as it and its user may send them. */
export class InboundLimiter {
  readonly #core: ServerCore
  readonly #buckets = new Map<Measure, TokenBucket>()
  readonly #violations: FaultCounter
  /** Until when a shared store lets nothing in, on the monotonic clock. */
  readonly #shut = new Map<Measure, number>()
  #userId: string | undefined

  constructor(core: ServerCore) {
    this.#core = core
    const { limits, clock } = core.options
    this.#violations = new FaultCounter(limits.violationsPerMinute)
    for (const measure of ['messages', 'bytes', 'subscribes'] as const) {
      const perSecond = limits[`${measure}PerSecond`]
      if (!Number.isFinite(perSecond)) continue
      this.#buckets.set(measure, new TokenBucket(perSecond, BURST_SECONDS * perSecond, clock.now()))
    }
  }

  /** From here on what comes counts as this user's. */
  belongsTo(userId: string | undefined): void {
    this.#userId = userId
  }

  /**
   * Lets the messages of a frame in that do not come too fast, and has the others refused.
   *
   * @returns those let in; `undefined` where too many frames were too fast
   */
  admit(
    entries: readonly ReadCommand[],
    bytes: number,
    voice: Pick<FrameWriter, 'refuse'>,
  ): readonly ReadCommand[] | undefined {
    const admitted: ReadCommand[] = []
    const frameWaitMs = this.#take('bytes', bytes)
    let namelessWaitMs = 0
    for (const entry of entries) {
      const waitMs = frameWaitMs || this.#waitMs(entry)
      const requestId = 'requestId' in entry ? entry.requestId : undefined
      if (waitMs === 0) admitted.push(entry)
      else if (requestId === undefined) namelessWaitMs = waitMs
      else voice.refuse(rateLimited(waitMs), requestId)
    }
    if (namelessWaitMs) voice.refuse(rateLimited(namelessWaitMs))
    if (admitted.length === entries.length) return admitted
    return this.#violations.add(this.#core.options.clock.now()) ? undefined : admitted
  }

  #waitMs(entry: ReadCommand): number {
    const count = entry.kind === 'fault' ? entry.of.length : 1
    const waitMs = this.#take('messages', count)
    if (waitMs || entry.kind !== 'subscribe') return waitMs
    return this.#take('subscribes', entry.channels.length)
  }

  #take(measure: Measure, count: number): number {
    const now = this.#core.options.clock.now()
    const bucket = this.#buckets.get(measure)
    const waitMs = bucket?.waitMs(now, count) || this.#takeOfUser(measure, count, now)
    if (waitMs === 0) bucket?.take(count)
    return waitMs
  }

  #takeOfUser(measure: Measure, count: number, now: number): number {
    const { rates, report, options } = this.#core
    const perSecond = options.limits.perUser[`${measure}PerSecond`]
    if (this.#userId === undefined || !Number.isFinite(perSecond)) return 0
    const shutMs = (this.#shut.get(measure) ?? 0) - now
    if (shutMs > 0) return shutMs
    const rate = { perSecond, burst: BURST_SECONDS * perSecond }
    const waitMs = rates.take(`${measure}:${this.#userId}`, count, rate)
    if (typeof waitMs === 'number') return waitMs
    // A message waits for nobody: what the store says holds for the next.
    waitMs.then((ms) => this.#shut.set(measure, now + ms), report)
    return 0
  }
}
