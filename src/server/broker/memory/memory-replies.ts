import type { Clock } from '../../../base/clock.ts'
import type { ReplyLimits, ResolvedReplyLimits } from '../reply-limits.ts'
import { resolveReplyLimits } from '../reply-limits.ts'
import type { ReplyLookup, ReplyStore } from '../reply-store.ts'
import { senderOf } from '../reply-store.ts'
import { BackgroundSweep } from './background-sweep.ts'
import { sizeOf } from './memory-channel.ts'

/** Approximate size of a result in memory beside its text and its key, in bytes; measured on V8. */
const REPLY_BYTES = 250

/**
 * A reply store in memory. Above the limits in bytes, the oldest results are dropped, and what is
 * left of them is their digest; running requests never are.
 */
export class MemoryReplies implements ReplyStore {
  readonly #clock: Clock
  readonly #limits: ResolvedReplyLimits
  readonly #started = new Map<string, Started>()
  /** Oldest first. */
  readonly #ended = new Map<string, Ended>()
  readonly #all = new ReplyAccount()
  readonly #senders = new Map<string, ReplyAccount>()
  readonly #sweep: BackgroundSweep
  readonly #since: number

  constructor(clock: Clock, limits: ReplyLimits = {}) {
    this.#clock = clock
    this.#limits = resolveReplyLimits(limits)
    this.#sweep = new BackgroundSweep(clock, () => {
      this.#dropExpired()
      return this.#ended.size > 0
    })
    this.#since = clock.now()
  }

  get reachMs(): number {
    return this.#clock.now() - this.#since
  }

  begin(key: string, digest: string): ReplyLookup {
    const ended = this.#valid(key)
    const started = this.#started.get(key)
    const known = ended ?? started
    if (known && known.digest !== digest) return { state: 'conflict' }
    if (ended) {
      const { record } = ended
      return record === undefined ? { state: 'lost' } : { state: 'answered', record }
    }
    if (started) {
      const record = new Promise<string | undefined>((resolve) => started.waiting.push(resolve))
      return { state: 'started', record }
    }
    if (this.#isFull(senderOf(key))) return { state: 'full' }
    this.#started.set(key, { digest, waiting: [] })
    return { state: 'fresh' }
  }

  finish(key: string, record: string, keepMs: number): boolean {
    const started = this.#started.get(key)
    if (!started) return true
    this.#started.delete(key)
    if (keepMs > 0) this.#remember(key, started.digest, record, this.#clock.now() + keepMs)
    for (const resolve of started.waiting) resolve(record)
    return true
  }

  /** Removes everything; waiting lookups resolve as lost. */
  clear(): void {
    for (const { waiting } of this.#started.values()) {
      for (const resolve of waiting) resolve(undefined)
    }
    this.#sweep.stop()
    this.#started.clear()
    this.#ended.clear()
    this.#all.clear()
    this.#senders.clear()
  }

  #isFull(sender: string): boolean {
    if (!this.#isOverLimit(sender)) return false
    this.#dropExpired()
    return this.#isOverLimit(sender)
  }

  #isOverLimit(sender: string): boolean {
    const { userRequests, totalRequests } = this.#limits
    const { requests = 0 } = this.#senders.get(sender) ?? {}
    return requests >= userRequests || this.#all.requests >= totalRequests
  }

  #remember(key: string, digest: string, record: string, until: number): void {
    const { userBytes, totalBytes } = this.#limits
    const name = senderOf(key)
    const sender = this.#senders.get(name) ?? new ReplyAccount()
    this.#senders.set(name, sender)
    const bytes = REPLY_BYTES + sizeOf(key) + sizeOf(record)
    const ended: Ended = { digest, record, bytes, until }
    this.#ended.set(key, ended)
    for (const account of [sender, this.#all]) account.add(key, bytes)
    if (bytes > userBytes || bytes > totalBytes) this.#dropRecord(key, ended)
    while (sender.bytes > userBytes) this.#dropOldest(sender)
    while (this.#all.bytes > totalBytes) this.#dropOldest(this.#all)
    this.#sweep.start()
  }

  #dropOldest(account: ReplyAccount): void {
    const key = account.oldest()
    const ended = this.#ended.get(key)
    if (ended) this.#dropRecord(key, ended)
  }

  #dropRecord(key: string, ended: Ended): void {
    ended.record = undefined
    this.#all.drop(key, ended.bytes)
    this.#senders.get(senderOf(key))?.drop(key, ended.bytes)
  }

  /** Returns a request that has ended; removes it if it expired behind one that lives longer. */
  #valid(key: string): Ended | undefined {
    const ended = this.#ended.get(key)
    if (!ended || this.#clock.now() < ended.until) return ended
    this.#remove(key, ended)
    return undefined
  }

  #remove(key: string, ended: Ended): void {
    this.#ended.delete(key)
    this.#dropRecord(key, ended)
    const name = senderOf(key)
    const sender = this.#senders.get(name)
    this.#all.requests -= 1
    if (sender) sender.requests -= 1
    if (!sender?.requests) this.#senders.delete(name)
  }

  #dropExpired(): void {
    const now = this.#clock.now()
    for (const [key, ended] of this.#ended) {
      if (now < ended.until) return
      this.#remove(key, ended)
    }
  }
}

/** The remembered requests of one sender, or all of them. */
class ReplyAccount {
  /** Number of remembered requests. */
  requests = 0
  /** Size of their results. */
  bytes = 0
  /** Those that still have their results, oldest first. */
  readonly keys = new Set<string>()
  /** Goes on where it was: a new iterator would walk over all entries that were deleted. */
  #order: Iterator<string, undefined> | undefined

  /** Adds a request with its result. */
  add(key: string, bytes: number): void {
    this.requests += 1
    this.bytes += bytes
    this.keys.add(key)
  }

  /** Drops the result of a request, if it is still there. */
  drop(key: string, bytes: number): void {
    if (this.keys.delete(key)) this.bytes -= bytes
  }

  /** Returns the oldest request with a result, which the caller then drops. */
  oldest(): string {
    const next = this.#order?.next()
    if (next && !next.done) return next.value
    this.#order = this.keys.values()
    return this.#order.next().value ?? ''
  }

  /** Removes everything. */
  clear(): void {
    this.requests = 0
    this.bytes = 0
    this.keys.clear()
  }
}

interface Started {
  readonly digest: string
  readonly waiting: ((record: string | undefined) => void)[]
}

interface Ended {
  readonly digest: string
  /** `undefined` if it was dropped. */
  record: string | undefined
  readonly bytes: number
  /** Time of the expiry, on the monotonic clock. */
  readonly until: number
}
