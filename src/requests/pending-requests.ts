import type { Cancel, Clock } from '../base/clock.ts'
import type { ErrorCode, WirefoldError } from '../base/errors.ts'
import { refusalError } from '../base/errors.ts'
import type { Writable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { Link } from '../connection/link.ts'
import type { AwaitedReply } from '../connection/reply-table.ts'
import type { ServerClock } from '../connection/server-clock.ts'
import type { OutgoingRequest, SendingTime, SendOptions } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { ReplyFrame, WelcomeFrame } from '../protocol/frame.ts'
import type { ResolvedOutboxOptions } from './outbox-options.ts'
import type { RequestDetail } from './request-errors.ts'
import { noReply, requestError, say } from './request-errors.ts'

/** Time for which a server remembers its replies if its welcome does not say, in milliseconds. */
const DEDUPE_MS = 10 * 60_000
/**
 * Close codes for an invalid message (RFC 6455: binary, not UTF-8, too large). The last message
 * sent caused it.
 */
const POISONED = [1003, 1007, 1009]
const NOT_SENT = 'was not sent: there is no connection.'
const INTERRUPTED = 'may have been carried out: the connection was lost before the reply.'
const FORGOTTEN = 'may have been carried out: the server no longer remembers the reply.'

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

  /** Returns the first deadline of all requests, by the clock's `now()`; infinity where there are none. */
  nearestDeadline(): number {
    let nearest = Number.POSITIVE_INFINITY
    for (const { deadline } of this.#requests.values()) nearest = Math.min(nearest, deadline)
    return nearest
  }

  /** Sends a request, now or when there is a link, and returns its reply. */
  send(outgoing: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    const { timeoutMs, ttlMs, signal, supersede, sentAt } = options
    return new Promise((resolve, reject) => {
      const { clock, serverClock } = this.#deps
      const request: PendingRequest = {
        // No spread: an object literal has its final shape at once.
        options,
        outgoing,
        resolve,
        reject,
        madeAt: serverClock.now(),
        deadline: clock.now() + Math.min(timeoutMs, ttlMs),
        cancelDeadline: undefined,
        sentAt,
        cancelled: false,
        isHeldBack: false,
        clearedFor: undefined,
        link: undefined,
        keys: [],
        leftAt: undefined,
        abort: () =>
          this.#fail(request, 'aborted', 'was aborted by its signal.', {}, signal?.reason),
        left: () => this.#left(request),
        answered: (answer) => {
          if (answer.kind === 'refusal') {
            this.#reject(request, refusalError(nameOf(outgoing), answer.error))
          } else this.#succeed(request, answer.kind === 'reply' ? answer : noReply)
        },
      }
      if (signal?.aborted) return request.abort()
      signal?.addEventListener('abort', request.abort)
      this.#limit(request)
      if (supersede !== undefined) this.#supersede(supersede)
      if (sentAt) this.#sent++
      this.#requests.set(outgoing.requestId, request)
      this.#trySend(request)
      if (!request.cancelled && isQueued(request)) this.#queue(request)
      this.#changed()
    })
  }

  /** Sends the queued requests on a new link, in order; those that expired in sleep are not sent. */
  opening(): void {
    this.#deps.serverClock.catchUp()
    for (const request of this.#all()) if (!request.link) this.#trySend(request)
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
  disconnected(lost?: Link, closeCode = 0): void {
    const requests = this.#all().filter(({ link }) => link && link === (lost ?? link))
    let poisonAt = 0
    if (POISONED.includes(closeCode)) {
      for (const { leftAt = 0 } of requests) poisonAt = Math.max(poisonAt, leftAt)
    }
    for (const request of requests) {
      const { link, leftAt, sentAt, options } = request
      const { idempotent, volatile } = options
      this.#forgetReply(request)
      const isRepeatable = idempotent || link?.dialect.capabilities.dedupes
      const isPoison = poisonAt > 0 && leftAt === poisonAt
      if (sentAt ? isRepeatable && !isPoison : !volatile) this.#limit(request)
      else this.#disconnect(request)
    }
  }

  /** Rejects every request; returns whether there was one. */
  rejectAll(error: WirefoldError): boolean {
    const requests = this.#all()
    for (const request of requests) this.#reject(request, error)
    return requests.length > 0
  }

  /** All requests, the oldest first; some may be settled while the caller goes through them. */
  #all(): readonly PendingRequest[] {
    return [...this.#requests.values()]
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

  /**
   * Sends a request if it may be sent now, rejects it if it may not be sent at all, or starts its
   * `beforeSend`. Requests that were sent before, and those with a `beforeSend`, wait for the welcome.
   */
  #trySend(request: PendingRequest): void {
    const link = this.#deps.link()
    const { outgoing, sentAt } = request
    const { idempotent, beforeSend } = request.options
    if (!link || link.dialect.waits?.(outgoing) || !this.#isFirst(request)) return
    const isKnown = link === this.#knownOn
    if (sentAt && !isKnown) return
    if (sentAt && !idempotent && this.#isForgotten(sentAt, link)) {
      this.#fail(request, 'outcome-unknown', FORGOTTEN, {})
      return
    }
    if (beforeSend && request.clearedFor !== link) {
      if (isKnown && !request.isHeldBack) void this.#askBeforeSend(request, link)
      return
    }
    const said = say(link, sentAt ? { ...outgoing, repeated: true } : outgoing, () => request)
    if ('code' in said) {
      this.#reject(request, said)
      return
    }
    const [first] = said
    if (!first) this.#succeed(request, noReply)
    else {
      // Mostly there is one message, and `flatMap` is slow.
      request.keys = said.length > 1 ? said.flatMap(({ keys }) => keys) : first.keys
      request.link = link
      link.replies.add(request)
    }
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
    for (const request of this.#all()) {
      if (request.options.supersede === key && !request.sentAt)
        this.#fail(request, 'superseded', 'was not sent: a newer one took its place.', {})
    }
  }

  /** Queues a request that cannot be sent now; rejects one if there is no room. */
  #queue(request: PendingRequest): void {
    const { limit, overflow } = this.#deps.outbox
    if (request.options.volatile && this.#isFirst(request)) {
      this.#disconnect(request)
      return
    }
    const queued = this.#all().filter(isQueued)
    if (queued.length <= limit) return
    const loser =
      overflow === 'drop-oldest' ? queued[0] : overflow === 'drop-newest' ? queued.at(-2) : request
    this.dropped++
    const what = `was not sent: more than ${limit} requests wait.`
    // With a limit of 0 there is no older request.
    this.#fail(loser ?? request, 'outbox-full', what, { limit })
  }

  /**
   * Starts the deadline of a request: that of its reply once it was sent, else that of its sending. The
   * time of a mutation for its reply counts from its sending.
   */
  #limit(request: PendingRequest): void {
    const { options, madeAt, sentAt, leftAt } = request
    const { timeoutMs, ttlMs, mutation } = options
    const { serverClock } = this.#deps
    const isSent = (mutation ? leftAt : sentAt) !== undefined
    const ms = isSent ? timeoutMs : mutation ? ttlMs : Math.min(timeoutMs, ttlMs)
    const passedMs = isSent && mutation ? 0 : serverClock.now() - madeAt
    request.cancelDeadline?.()
    request.cancelDeadline = serverClock.after(ms - passedMs, () => {
      const sent = request.sentAt !== undefined
      const what = `timed out: ${sent ? 'no reply came' : 'it could not be sent'} in ${ms} ms.`
      this.#fail(request, 'request-timeout', what, { timeoutMs: ms, sent })
    })
  }

  /** Handles that a request was really sent. */
  #left(request: PendingRequest): void {
    const { options, keys } = request
    if (!request.sentAt) this.#sent++
    request.sentAt ??= this.#deps.serverClock.present
    if (options.mutation || options.ttlMs < options.timeoutMs) this.#limit(request)
    this.#changed()
    // A request without a reply is complete once it was sent; before that it may still be cancelled.
    if (keys.length === 0) this.#succeed(request, noReply)
  }

  #succeed(request: PendingRequest, reply: ReplyFrame): void {
    this.#settled(request)
    request.resolve(reply)
  }

  /** Rejects a request that waits for no connection, or was interrupted. */
  #disconnect(request: PendingRequest): void {
    const sent = request.sentAt !== undefined
    this.#fail(request, 'disconnected', sent ? INTERRUPTED : NOT_SENT, { sent })
  }

  /** Rejects a request with an error of the client; `what` goes on after its name. */
  #fail<Code extends ErrorCode>(
    request: PendingRequest,
    code: Code,
    what: string,
    detail: RequestDetail<Code>,
    cause?: unknown,
  ): void {
    this.#reject(request, requestError(code, request.outgoing, what, detail, cause))
  }

  #reject(request: PendingRequest, error: WirefoldError): void {
    this.#settled(request)
    request.reject(error)
  }

  #settled(request: PendingRequest): void {
    request.cancelDeadline?.()
    request.options.signal?.removeEventListener('abort', request.abort)
    request.cancelled = true
    if (this.#requests.delete(request.outgoing.requestId) && request.sentAt) this.#sent--
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
  return !link && !isHeldBack && !sentAt
}

/** A request that is queued, or sent and not answered. */
interface PendingRequest extends AwaitedReply {
  readonly options: SendOptions
  readonly outgoing: OutgoingRequest
  readonly resolve: (reply: ReplyFrame) => void
  readonly reject: (error: WirefoldError) => void
  /** Rejects it, since its signal fired. */
  readonly abort: () => void
  /** Time at which it was made, by a clock that goes on while the machine sleeps. */
  readonly madeAt: number
  /** Time at which it times out at the latest, by the clock's `now()`. */
  readonly deadline: number
  cancelDeadline: Cancel | undefined
  keys: readonly string[]
  cancelled: boolean
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
  readonly serverClock: ServerClock
  readonly outbox: ResolvedOutboxOptions
  /** Returns the link a request would be sent on now. */
  readonly link: () => Link | undefined
  /** Receives exceptions of followers of `pending`. */
  readonly report: (error: unknown) => void
}
