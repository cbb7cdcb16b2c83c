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
  readonly #senders = new Map<string, Sender>()
  /** Size of all results. */
  #bytes = 0
  /** Goes on where it was: a new iterator would walk over all entries whose results were dropped. */
  #oldest: Iterator<Ended, undefined> | undefined
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
    const sender = this.#senderOf(key)
    sender.running += 1
    if (this.#isFull(sender)) {
      this.#end(sender)
      return { state: 'full' }
    }
    this.#started.set(key, { digest, sender, waiting: [] })
    return { state: 'fresh' }
  }

  finish(key: string, record: string, keepMs: number): boolean {
    const started = this.#started.get(key)
    if (!started) return true
    const { sender, waiting } = started
    this.#started.delete(key)
    if (keepMs > 0) this.#remember(key, started, record, this.#clock.now() + keepMs)
    this.#end(sender)
    for (const resolve of waiting) resolve(record)
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
    this.#senders.clear()
    this.#bytes = 0
    this.#oldest = undefined
  }

  #senderOf(key: string): Sender {
    const name = senderOf(key)
    const known = this.#senders.get(name)
    if (known) return known
    const sender = { name, running: 0, requests: 0, bytes: 0, first: undefined, last: undefined }
    this.#senders.set(name, sender)
    return sender
  }

  #end(sender: Sender): void {
    sender.running -= 1
    this.#forgetIdle(sender)
  }

  #forgetIdle({ name, running, requests }: Sender): void {
    if (!running && !requests) this.#senders.delete(name)
  }

  #isFull(sender: Sender): boolean {
    if (!this.#isOverLimit(sender)) return false
    this.#dropExpired()
    return this.#isOverLimit(sender)
  }

  #isOverLimit({ requests }: Sender): boolean {
    const { userRequests, totalRequests } = this.#limits
    return requests >= userRequests || this.#ended.size >= totalRequests
  }

  #remember(key: string, { digest, sender }: Started, record: string, until: number): void {
    const { userBytes, totalBytes } = this.#limits
    const bytes = REPLY_BYTES + sizeOf(key) + sizeOf(record)
    const ended: Ended = { digest, sender, record, bytes, until, next: undefined }
    this.#ended.set(key, ended)
    if (sender.last) sender.last.next = ended
    else sender.first = ended
    sender.last = ended
    sender.requests += 1
    sender.bytes += bytes
    this.#bytes += bytes
    if (bytes > userBytes || bytes > totalBytes) this.#dropRecord(ended)
    while (sender.first && sender.bytes > userBytes) this.#dropRecord(sender.first)
    while (this.#bytes > totalBytes) this.#dropNext()
    this.#sweep.start()
  }

  /** Drops the next result, the oldest of all first. */
  #dropNext(): void {
    this.#oldest ??= this.#ended.values()
    const { value, done } = this.#oldest.next()
    if (done) this.#oldest = undefined
    else this.#dropRecord(value)
  }

  /** Drops the result of a request, if it is still there. */
  #dropRecord(ended: Ended): void {
    if (ended.record === undefined) return
    const { sender, bytes } = ended
    ended.record = undefined
    this.#bytes -= bytes
    sender.bytes -= bytes
    while (sender.first && sender.first.record === undefined) sender.first = sender.first.next
    if (!sender.first) sender.last = undefined
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
    this.#dropRecord(ended)
    ended.sender.requests -= 1
    this.#forgetIdle(ended.sender)
  }

  #dropExpired(): void {
    const now = this.#clock.now()
    for (const [key, ended] of this.#ended) {
      if (now < ended.until) return
      this.#remove(key, ended)
    }
  }
}

/** A sender with running or remembered requests. */
interface Sender {
  readonly name: string
  /** Number of requests that run. */
  running: number
  /** Number of requests that are remembered. */
  requests: number
  /** Size of their results. */
  bytes: number
  /** The oldest request that has its result. */
  first: Ended | undefined
  /** The newest request that is remembered; `undefined` if none has its result. */
  last: Ended | undefined
}

interface Started {
  readonly digest: string
  readonly sender: Sender
  readonly waiting: ((record: string | undefined) => void)[]
}

interface Ended {
  readonly digest: string
  readonly sender: Sender
  /** `undefined` if it was dropped. */
  record: string | undefined
  readonly bytes: number
  /** Time of the expiry, on the monotonic clock. */
  readonly until: number
  /** The next request of its sender. */
  next: Ended | undefined
}
