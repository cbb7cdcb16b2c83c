import type { Cancel, Clock } from '../base/clock.ts'
import type { ElapsedClock } from '../base/elapsed-clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import { refusalError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import { followedStore } from '../base/store.ts'
import type { ControlReply } from '../ports/client-port.ts'
import type { OutgoingRequest, SendingTime, SendOptions } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { Dialect } from '../protocol/dialect.ts'
import type { ReplyFrame, WelcomeFrame } from '../protocol/frame.ts'
import { ControlMessages } from './control-messages.ts'
import { sendDecision } from './departure.ts'
import { OrderedRequests } from './lanes.ts'
import type { ResolvedOutboxOptions } from './outbox-options.ts'
import { isQueued, overflowing } from './overflow.ts'
import type { PendingRequest, RequestCounts } from './pending-request.ts'
import { localReply } from './pending-request.ts'
import { ReplyTable } from './reply-table.ts'
import { requestErrors } from './request-errors.ts'
import type { Speaker } from './say.ts'
import { say } from './say.ts'
import { SendingTimes } from './sending-times.ts'

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
  /** Number of requests rejected because the outbox was full. */
  dropped = 0
  /** Control messages whose replies are awaited. */
  readonly controls: ControlMessages
  readonly #deps: PendingRequestsDeps
  readonly #requests = new Map<string, PendingRequest>()
  readonly #awaited = new ReplyTable()
  readonly #ordered = new OrderedRequests<PendingRequest>()
  readonly #pending
  readonly #times: SendingTimes
  #sent = 0
  #dedupeMs = DEDUPE_MS
  /** The link on which the server has welcomed us. */
  #knownOn: object | undefined

  constructor(deps: PendingRequestsDeps) {
    this.#deps = deps
    this.controls = new ControlMessages(deps.clock, this.#awaited)
    this.#times = new SendingTimes(deps.clock, deps.elapsed)
    this.#pending = followedStore<RequestCounts>(Object.freeze({ queued: 0, sent: 0 }), deps.report)
  }

  /** Numbers of queued and sent requests. */
  get pending(): Readable<RequestCounts> {
    return this.#pending
  }

  /** Returns when the first message after `since` was sent that is not answered yet. */
  unansweredSince(since: number | undefined): number | undefined {
    return this.#awaited.unansweredSince(since)
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
    if (signal?.aborted) return Promise.reject(requestErrors.aborted(outgoing, signal))
    return new Promise((resolve, reject) => {
      const { clock, elapsed } = this.#deps
      const onAbort = (): void => this.#fail(request, requestErrors.aborted(outgoing, signal))
      const timeOut = (ms: number): void =>
        this.#fail(request, requestErrors.timedOut(outgoing, ms, request.sentAt !== undefined))
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
        ...options,
        outgoing,
        resolve,
        reject,
        deadline: clock.now() + Math.min(timeoutMs, ttlMs),
        sentAt: options.sentAt,
        cancelled: false,
        isHeldBack: false,
        clearedFor: undefined,
        awaited: undefined,
        left: () => {
          if (request.sentAt === undefined) this.#sent++
          request.sentAt ??= this.#times.present
          if (request.awaited) request.awaited.leftAt = clock.now()
          if (mutation) expireAfter(timeoutMs)
          this.#changed()
          // A request without a reply is complete once it was sent; before that it may still be
          // cancelled.
          if (request.awaited?.keys.length === 0) this.#succeed(request, localReply(outgoing))
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
      this.#ordered.enter(request)
      this.#trySend(request)
      if (this.#requests.get(outgoing.requestId) === request && isQueued(request))
        this.#queue(request)
      this.#changed()
    })
  }

  /** Sends the queued requests on a new link, in order; those that expired in sleep are not sent. */
  opening(): void {
    this.#deps.elapsed.catchUp()
    for (const request of [...this.#requests.values()]) if (!request.awaited) this.#trySend(request)
  }

  /** Stores for how long the server remembers its replies, and its time, by its welcome. */
  welcomed(frame: WelcomeFrame | undefined): void {
    this.#dedupeMs = frame?.limits.dedupeMs ?? DEDUPE_MS
    this.readServerTime(frame?.serverTime)
  }

  /** The server's time, at least as late as given; `undefined` if it is not known. */
  get serverTime(): number | undefined {
    return this.#times.present.server
  }

  /** Stores the server's time, as of now. */
  readServerTime(time: number | undefined): void {
    this.#times.read(time)
  }

  /**
   * Sends interrupted requests again, in order, once the server has welcomed us. Not earlier: a
   * request older than the server's memory would be carried out twice.
   */
  resume(): void {
    this.#knownOn = this.#deps.link()
    this.opening()
  }

  /** Passes a reply to the request or control message that awaits it. */
  settle(answer: ControlReply): void {
    const awaited = this.#awaited.take(answer)
    if (!awaited) return
    if (awaited.leftAt !== undefined) this.#deps.answered(awaited.leftAt)
    awaited.answered(answer)
  }

  /**
   * Handles the loss of a link: replies to messages sent on it no longer arrive.
   *
   * @param link the lost link; all if left out
   * @param closeCode its close code, which may blame a message we sent
   */
  disconnected(link?: object, closeCode?: number): void {
    if (!link) this.controls.forget()
    const { dedupes } = this.#deps.dialect().capabilities
    const last = POISONED.includes(closeCode ?? 0) ? this.#awaited.lastLeftAt() : undefined
    for (const request of [...this.#requests.values()]) {
      const { awaited, sentAt, volatile, outgoing } = request
      if (!awaited || (link && awaited.link !== link)) continue
      this.#awaited.delete(awaited)
      request.awaited = undefined
      const poison = last !== undefined && awaited.leftAt === last
      const repeat = sentAt === undefined ? !volatile : (request.idempotent || dedupes) && !poison
      if (repeat) request.interrupted()
      else this.#fail(request, requestErrors.disconnected(outgoing, sentAt !== undefined))
    }
  }

  /** Whether a request sent on this link is not answered yet. */
  awaits(link: object): boolean {
    for (const { awaited } of this.#requests.values()) if (awaited?.link === link) return true
    return false
  }

  /** Rejects every request; returns whether there was one. */
  rejectAll(error: WirefoldError): boolean {
    const requests = [...this.#requests.values()]
    for (const request of requests) this.#fail(request, error)
    return requests.length > 0
  }

  #trySend(request: PendingRequest): void {
    if (!this.#ordered.isFirst(request) || !this.#maySend(request)) return
    const { outgoing } = request
    const link = this.#deps.link()
    if (!link) return
    const repeated = request.sentAt !== undefined
    const said = say(link, repeated ? { ...outgoing, repeated } : outgoing, request)
    if ('code' in said) {
      this.#fail(request, said)
      return
    }
    if (said.length === 0) {
      this.#succeed(request, localReply(outgoing))
      return
    }
    const keys = said.flatMap((message) => message.keys)
    const answered = (answer: ControlReply): void => this.#answered(request, answer)
    request.awaited = { keys, answered, link, leftAt: undefined }
    this.#awaited.add(request.awaited)
  }

  /** Whether a request may be sent now; if not, rejects it or starts its `beforeSend`. */
  #maySend(request: PendingRequest): boolean {
    const { link: presentLink, dialect } = this.#deps
    const link = presentLink()
    const known = link !== undefined && link === this.#knownOn
    const { dedupes } = dialect().capabilities
    const isForgotten = (sentAt: SendingTime): boolean =>
      !dedupes || this.#times.ageMs(sentAt) >= this.#dedupeMs
    const when = sendDecision(request, { link, known, isForgotten })
    if (when === 'lost') this.#fail(request, requestErrors.outcomeUnknown(request.outgoing))
    if (when === 'ask-before-send') void this.#askBeforeSend(request, link)
    return when === 'now'
  }

  async #askBeforeSend(request: PendingRequest, link: object | undefined): Promise<void> {
    request.isHeldBack = true
    const allowed = await request.beforeSend?.(request.sentAt === undefined)
    request.isHeldBack = false
    if (!allowed || request.cancelled) return
    request.clearedFor = link
    this.#trySend(request)
  }

  /** Rejects older requests with the same `supersede` key that were not sent yet. */
  #supersede(key: string): void {
    for (const request of [...this.#requests.values()]) {
      if (request.supersede !== key || request.sentAt !== undefined) continue
      this.#fail(request, requestErrors.superseded(request.outgoing))
    }
  }

  /** Queues a request that cannot be sent now, if there is room. */
  #queue(request: PendingRequest): void {
    if (request.volatile && this.#ordered.isFirst(request)) {
      this.#fail(request, requestErrors.disconnected(request.outgoing, false))
      return
    }
    const { outbox } = this.#deps
    const loser = overflowing(this.#requests.values(), request, outbox)
    if (!loser) return
    this.dropped++
    this.#fail(loser, requestErrors.outboxFull(loser.outgoing, outbox.limit))
  }

  #answered(request: PendingRequest, answer: ControlReply): void {
    request.awaited = undefined
    if (answer.kind === 'refusal') {
      this.#fail(request, refusalError(nameOf(request.outgoing), answer.error))
    } else if (answer.kind === 'reply') this.#succeed(request, answer)
    else this.#succeed(request, localReply(request.outgoing))
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
    if (request.awaited) this.#awaited.delete(request.awaited)
    request.awaited = undefined
    this.#changed()
    const next = this.#ordered.leave(request)
    if (next && !next.awaited) this.#trySend(next)
  }

  #changed(): void {
    const sent = this.#sent
    const queued = this.#requests.size - sent
    const before = this.#pending.get()
    if (before.queued !== queued || before.sent !== sent)
      this.#pending.set(Object.freeze({ queued, sent }))
  }
}

/** Dependencies of {@link PendingRequests}. */
export interface PendingRequestsDeps {
  readonly clock: Clock
  /** The same time, but one that goes on while the machine sleeps: for deadlines and ages. */
  readonly elapsed: ElapsedClock
  readonly outbox: ResolvedOutboxOptions
  /** Returns the link a request would be sent on now. */
  link(): Speaker | undefined
  /** Returns the present dialect. */
  dialect(): Dialect
  /** Called with the send time of a message when its reply arrives. */
  answered(leftAt: number): void
  /** Receives exceptions of subscribers of `pending`. */
  report(error: unknown): void
}
