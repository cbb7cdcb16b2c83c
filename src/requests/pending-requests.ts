import type { Cancel, Clock } from '../base/clock.ts'
import type { ElapsedClock } from '../base/elapsed-clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import { refusalError } from '../base/errors.ts'
import type { Writable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { Link } from '../connection/link.ts'
import type { AwaitedReply } from '../connection/reply-table.ts'
import type { ServerClock } from '../connection/server-clock.ts'
import type {
  OutgoingRequest,
  SendingTime,
  SendOptions,
  Ticket,
} from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { ReplyFrame, WelcomeFrame } from '../protocol/frame.ts'
import { replyFrame } from '../protocol/frame-constructors.ts'
import type { ResolvedOutboxOptions } from './outbox-options.ts'
import {
  aborted,
  disconnected,
  outboxFull,
  outcomeUnknown,
  say,
  superseded,
  timedOut,
} from './request-errors.ts'

/** Time for which a server remembers its replies if its welcome does not say, in milliseconds. */
const DEDUPE_MS = 10 * 60_000
/**
 * Close codes for an invalid message (RFC 6455: binary, not UTF-8, too large). The last message
 * sent caused it.
 */
const POISONED = [1003, 1007, 1009]

/**
 * The table of requests: queued in order, and sent but not answered.
 *
 * Each request settles exactly once: by its reply, its deadlines, its signal, a full outbox, or the
 * end of the client. A request whose connection was lost is sent again if the server deduplicates
 * it, or if it is idempotent; otherwise the disconnect rejects it. Replies that are not awaited are
 * dropped.
 */
export class PendingRequests {
  /** Numbers of queued and sent requests. */
  readonly pending: Writable<RequestCounts>
  /** Number of requests rejected because the outbox was full. */
  dropped = 0
  readonly #deps: PendingRequestsDeps
  /** All requests by id, the oldest first. */
  readonly #requests = new Map<string, PendingRequest>()
  #sent = 0
  #dedupeMs = DEDUPE_MS
  /** The link on which the server has welcomed the client. */
  #knownOn: Link | undefined

  constructor(deps: PendingRequestsDeps) {
    this.#deps = deps
    this.pending = followedStore<RequestCounts>(Object.freeze({ queued: 0, sent: 0 }), deps.report)
  }

  /** Returns the first deadline of all requests; infinity where there are none. */
  nearestDeadline(): number {
    let nearest = Number.POSITIVE_INFINITY
    for (const { deadline } of this.#requests.values()) nearest = Math.min(nearest, deadline)
    return nearest
  }

  /** Sends a request, now or when there is a link, and returns its reply. */
  send(outgoing: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    const { timeoutMs, ttlMs, signal, supersede, mutation } = options
    if (signal?.aborted) return Promise.reject(aborted(outgoing, signal))
    return new Promise((resolve, reject) => {
      const { clock, elapsed, serverClock } = this.#deps
      const onAbort = (): void => this.#fail(request, aborted(outgoing, signal))
      const timeOut = (ms: number): void =>
        this.#fail(request, timedOut(outgoing, ms, request.sentAt !== undefined))
      const madeAt = elapsed.now()
      let cancelDeadline: Cancel = () => {}
      /** Restarts the deadline; `limitMs` is the limit that the error names. */
      const expireAfter = (ms: number, limitMs = ms): void => {
        cancelDeadline()
        cancelDeadline = elapsed.after(Math.max(0, ms), () => timeOut(limitMs))
      }
      expireAfter(mutation ? ttlMs : timeoutMs)
      const cancelTtl =
        ttlMs < timeoutMs ? elapsed.after(ttlMs, () => request.sentAt ?? timeOut(ttlMs)) : undefined
      signal?.addEventListener('abort', onAbort)
      const request: PendingRequest = {
        // No spread: an object literal has its final shape at once.
        options,
        outgoing,
        resolve,
        reject,
        deadline: clock.now() + Math.min(timeoutMs, ttlMs),
        sentAt: options.sentAt,
        cancelled: false,
        isHeldBack: false,
        clearedFor: undefined,
        link: undefined,
        keys: [],
        leftAt: undefined,
        answered: (answer) => {
          if (answer.kind === 'refusal') {
            this.#fail(request, refusalError(nameOf(outgoing), answer.error))
          } else this.#succeed(request, answer.kind === 'reply' ? answer : noReply(outgoing))
        },
        left: () => {
          if (request.sentAt === undefined) this.#sent++
          request.sentAt ??= serverClock.present
          request.leftAt = clock.now()
          if (mutation) expireAfter(timeoutMs)
          this.#changed()
          // A request without a reply is complete once it was sent; before that it may still be
          // cancelled.
          if (request.keys.length === 0) this.#succeed(request, noReply(outgoing))
        },
        interrupted: () => {
          if (mutation) expireAfter(madeAt + ttlMs - elapsed.now(), ttlMs)
        },
        release: () => {
          cancelDeadline()
          cancelTtl?.()
          signal?.removeEventListener('abort', onAbort)
        },
      }
      if (supersede !== undefined) this.#supersede(supersede)
      if (request.sentAt !== undefined) this.#sent++
      this.#requests.set(outgoing.requestId, request)
      this.#trySend(request)
      if (this.#requests.get(outgoing.requestId) === request && isQueued(request))
        this.#queue(request)
      this.#changed()
    })
  }

  /** Sends the queued requests on a new link, in order; those that expired in sleep are not sent. */
  opening(): void {
    this.#deps.elapsed.catchUp()
    for (const request of [...this.#requests.values()]) if (!request.link) this.#trySend(request)
  }

  /**
   * Sends interrupted requests again, in order, once the server has welcomed the client. Not earlier: a
   * request older than the server's memory would be carried out twice.
   */
  welcomed(frame: WelcomeFrame | undefined): void {
    this.#dedupeMs = frame?.limits.dedupeMs ?? DEDUPE_MS
    this.#knownOn = this.#deps.link()
    this.opening()
  }

  /**
   * Handles the loss of a link: replies to messages sent on it no longer arrive.
   *
   * @param lost the lost link; all if left out
   * @param closeCode its close code, which may blame the last message sent
   */
  disconnected(lost?: Link, closeCode?: number): void {
    const requests = [...this.#requests.values()]
    let poisonAt: number | undefined
    if (POISONED.includes(closeCode ?? 0)) {
      for (const { leftAt } of requests) poisonAt = Math.max(poisonAt ?? 0, leftAt ?? 0)
    }
    for (const request of requests) {
      const { link, leftAt, sentAt, options, outgoing } = request
      if (!link || (lost && link !== lost)) continue
      const isPoison = leftAt !== undefined && leftAt === poisonAt
      this.#forgetReply(request)
      const isRepeatable = options.idempotent || link.dialect.capabilities.dedupes
      if (sentAt ? isRepeatable && !isPoison : !options.volatile) request.interrupted()
      else this.#fail(request, disconnected(outgoing, sentAt !== undefined))
    }
  }

  /** Rejects every request; returns whether there was one. */
  rejectAll(error: WirefoldError): boolean {
    const requests = [...this.#requests.values()]
    for (const request of requests) this.#fail(request, error)
    return requests.length > 0
  }

  /** The oldest request with this `ordering` key: the others wait until it is settled. */
  #first(ordering: string): PendingRequest | undefined {
    for (const request of this.#requests.values()) {
      if (request.options.ordering === ordering) return request
    }
    return undefined
  }

  #isFirst(request: PendingRequest): boolean {
    const { ordering } = request.options
    return ordering === undefined || this.#first(ordering) === request
  }

  #trySend(request: PendingRequest): void {
    const link = this.#deps.link()
    const { outgoing } = request
    if (!link || link.dialect.waits?.(outgoing)) return
    if (!this.#isFirst(request) || !this.#maySend(request, link)) return
    const repeated = request.sentAt !== undefined
    const said = say(link, repeated ? { ...outgoing, repeated } : outgoing, request)
    if ('code' in said) this.#fail(request, said)
    else if (said.length === 0) this.#succeed(request, noReply(outgoing))
    else {
      request.keys = said.flatMap(({ keys }) => keys)
      request.link = link
      link.replies.add(request)
    }
  }

  /**
   * Whether a request may be sent now; if not, rejects it or starts its `beforeSend`. Requests that
   * were sent before, and those with a `beforeSend`, wait for the welcome.
   */
  #maySend(request: PendingRequest, link: Link): boolean {
    const { sentAt, clearedFor } = request
    const { idempotent, beforeSend } = request.options
    const isKnown = link === this.#knownOn
    if (sentAt && !isKnown) return false
    if (sentAt && !idempotent && this.#isForgotten(sentAt, link)) {
      this.#fail(request, outcomeUnknown(request.outgoing))
      return false
    }
    if (!beforeSend || clearedFor === link) return true
    if (isKnown && !request.isHeldBack) void this.#askBeforeSend(request, link)
    return false
  }

  /** Whether the server may have forgotten its reply to a request sent then. */
  #isForgotten(sentAt: SendingTime, { dialect }: Link): boolean {
    return !dialect.capabilities.dedupes || this.#deps.serverClock.ageMs(sentAt) >= this.#dedupeMs
  }

  async #askBeforeSend(request: PendingRequest, link: Link): Promise<void> {
    request.isHeldBack = true
    const allowed = await request.options.beforeSend?.(request.sentAt === undefined)
    request.isHeldBack = false
    if (!allowed || request.cancelled) return
    request.clearedFor = link
    this.#trySend(request)
  }

  /** Rejects older requests with the same `supersede` key that were not sent yet. */
  #supersede(key: string): void {
    for (const request of [...this.#requests.values()]) {
      if (request.options.supersede !== key || request.sentAt !== undefined) continue
      this.#fail(request, superseded(request.outgoing))
    }
  }

  /** Queues a request that cannot be sent now; rejects one if there is no room. */
  #queue(request: PendingRequest): void {
    const { limit, overflow } = this.#deps.outbox
    if (request.options.volatile && this.#isFirst(request)) {
      this.#fail(request, disconnected(request.outgoing, false))
      return
    }
    const queued = [...this.#requests.values()].filter(isQueued)
    if (queued.length <= limit) return
    const loser =
      overflow === 'drop-oldest' ? queued[0] : overflow === 'drop-newest' ? queued.at(-2) : request
    this.dropped++
    // With a limit of 0 there is no older request.
    this.#fail(loser ?? request, outboxFull((loser ?? request).outgoing, limit))
  }

  #succeed(request: PendingRequest, reply: ReplyFrame): void {
    this.#settled(request)
    request.resolve(reply)
  }

  #fail(request: PendingRequest, error: WirefoldError): void {
    this.#settled(request)
    request.reject(error)
  }

  #settled(request: PendingRequest): void {
    request.release()
    request.cancelled = true
    if (this.#requests.delete(request.outgoing.requestId) && request.sentAt !== undefined) {
      this.#sent--
    }
    this.#forgetReply(request)
    this.#changed()
    const { ordering } = request.options
    const next = ordering === undefined ? undefined : this.#first(ordering)
    if (next && !next.link) this.#trySend(next)
  }

  #forgetReply(request: PendingRequest): void {
    request.link?.replies.delete(request)
    request.link = undefined
    request.leftAt = undefined
  }

  #changed(): void {
    const sent = this.#sent
    const queued = this.#requests.size - sent
    const before = this.pending.get()
    if (before.queued !== queued || before.sent !== sent)
      this.pending.set(Object.freeze({ queued, sent }))
  }
}

/** Whether a request waits for a link to be sent on. */
function isQueued({ link, isHeldBack, sentAt }: PendingRequest): boolean {
  return !link && !isHeldBack && sentAt === undefined
}

/** Returns the reply of a request that the server does not answer. */
function noReply({ requestId }: OutgoingRequest): ReplyFrame {
  return replyFrame([requestId], undefined)
}

/** A request that is queued, or sent and not answered. */
interface PendingRequest extends Ticket, AwaitedReply {
  readonly options: SendOptions
  keys: readonly string[]
  readonly outgoing: OutgoingRequest
  readonly resolve: (reply: ReplyFrame) => void
  readonly reject: (error: WirefoldError) => void
  /** Handles the loss of the connection, if the request is sent again. */
  readonly interrupted: () => void
  /** Cancels its deadlines and removes its abort listener. */
  readonly release: () => void
  /** Time at which it times out at the latest, by the clock's `now()`. */
  readonly deadline: number
  /** Time at which it was first sent. */
  sentAt: SendingTime | undefined
  /** Whether its `beforeSend` is running. */
  isHeldBack: boolean
  /** The link for which its `beforeSend` has returned true. */
  clearedFor: Link | undefined
  /** The link that it was passed to, perhaps not yet sent, and on which it awaits its reply. */
  link: Link | undefined
}

/** Numbers of requests that are not settled. */
export interface RequestCounts {
  /** Requests waiting to be sent. */
  readonly queued: number
  /** Requests sent and waiting for their reply. */
  readonly sent: number
}

/** Dependencies of {@link PendingRequests}. */
export interface PendingRequestsDeps {
  readonly clock: Clock
  /** The same time, but one that goes on while the machine sleeps: for deadlines and ages. */
  readonly elapsed: ElapsedClock
  readonly serverClock: ServerClock
  readonly outbox: ResolvedOutboxOptions
  /** Returns the link a request would be sent on now. */
  readonly link: () => Link | undefined
  /** Receives exceptions of followers of `pending`. */
  readonly report: (error: unknown) => void
}
