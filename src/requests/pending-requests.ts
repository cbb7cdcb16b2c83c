import type { Clock } from '../base/clock.ts'
import { refusalError, WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { ControlReply } from '../ports/client-port.ts'
import type { OutgoingRequest, SendOptions, Ticket } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { Dialect, Outgoing } from '../protocol/dialect.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import { ControlMessages } from './control-messages.ts'
import { sendDecision } from './departure.ts'
import { OrderedRequests } from './lanes.ts'
import type { ResolvedOutboxOptions } from './outbox-options.ts'
import { isQueued, overflowing } from './overflow.ts'
import type { PendingRequest, RequestCounts } from './pending-request.ts'
import { localReply } from './pending-request.ts'
import { ReplyTable } from './reply-table.ts'
import { requestErrors } from './request-errors.ts'

/** What a ledger needs around it. */
export interface PendingRequestsDeps {
  readonly clock: Clock
  readonly outbox: ResolvedOutboxOptions
  /**
   * Has a question sent; throws where it cannot be.
   *
   * @returns `false` where there is no line, `undefined` where the backend has no word for it
   */
  say(outgoing: OutgoingRequest, ticket: Ticket): readonly Outgoing[] | undefined | false
  /** What a question said now is said on. */
  link(): object | undefined
  /** The dialect of this moment. */
  dialect(): Dialect
  /** An answer came to what left at this moment. */
  answered(leftAt: number): void
  /** Receives what a follower of `pending` threw. */
  report(error: unknown): void
}

/** How long a server remembers its answers where it does not tell, in milliseconds. */
const DEDUPE_MS = 10 * 60_000
/** Close codes for something we sent: binary, not UTF-8, too large. What was sent last was it. */
const POISONED = [1003, 1007, 1009]

/**
 * Who waits for what: questions not yet sent, in order, and everything sent whose answer is due.
 *
 * Each question settles exactly once: by its answer, its deadlines, its signal, a full outbox, or the
 * end of the client. One that was cut off is sent again where the server carries it out only once, or
 * the application says that twice does no harm; else the cut settles it. An answer nobody waits for
 * (any more) is dropped.
 */
export class PendingRequests {
  /** How many questions a full outbox has cost so far. */
  dropped = 0
  /** Who waits for the answers to control traffic. */
  readonly controls: ControlMessages
  readonly #deps: PendingRequestsDeps
  readonly #requests = new Map<string, PendingRequest>()
  readonly #awaited = new ReplyTable()
  readonly #ordered = new OrderedRequests<PendingRequest>()
  readonly #pending
  #sent = 0
  #dedupeMs = DEDUPE_MS
  /** The line on which the server knows us. */
  #knownOn: object | undefined

  constructor(deps: PendingRequestsDeps) {
    this.#deps = deps
    this.controls = new ControlMessages(deps.clock, this.#awaited)
    this.#pending = createStore<RequestCounts>({ queued: 0, sent: 0 }, { onError: deps.report })
  }

  /** How many questions are on their way. */
  get pending(): Readable<RequestCounts> {
    return this.#pending
  }

  /** When the first thing left, after `since`, whose answer is still due. */
  unansweredSince(since: number | undefined): number | undefined {
    return this.#awaited.unansweredSince(since)
  }

  /** Sends a question, now or when there is a line, and returns its answer. */
  send(outgoing: OutgoingRequest, options: SendOptions): Promise<ReplyFrame> {
    const { timeoutMs, ttlMs, signal, volatile, idempotent, ordering, supersede, beforeSend } =
      options
    if (signal?.aborted) return Promise.reject(requestErrors.aborted(outgoing, signal))
    return new Promise((resolve, reject) => {
      const { clock } = this.#deps
      const onAbort = (): void => this.#fail(request, requestErrors.aborted(outgoing, signal))
      const timeOut = (ms: number): void =>
        this.#fail(request, requestErrors.timedOut(outgoing, ms, request.sentAt !== undefined))
      const cancelDeadline = clock.after(timeoutMs, () => timeOut(timeoutMs))
      const cancelTtl =
        ttlMs < timeoutMs ? clock.after(ttlMs, () => request.sentAt ?? timeOut(ttlMs)) : undefined
      signal?.addEventListener('abort', onAbort)
      const request: PendingRequest = {
        outgoing,
        volatile,
        idempotent,
        ordering,
        topic: supersede,
        beforeSend,
        resolve,
        reject,
        sentAt: options.sentAt,
        cancelled: false,
        isHeldBack: false,
        clearedFor: undefined,
        awaited: undefined,
        left: () => {
          const now = clock.now()
          if (request.sentAt === undefined) this.#sent++
          request.sentAt ??= now
          if (request.awaited) request.awaited.leftAt = now
          this.#changed()
          // Nobody will answer it: it is done. Not before, or it would be taken back.
          if (request.awaited?.keys.length === 0) this.#succeed(request, localReply(outgoing))
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

  /** There is a line: what may leave by it goes out, in order. */
  opening(): void {
    for (const request of [...this.#requests.values()]) if (!request.awaited) this.#trySend(request)
  }

  /**
   * The server knows us: what was cut off goes out again, in order. Only now, since what was carried
   * out before the server's memory begins would be carried out once more.
   *
   * @param dedupeMs how far back the server remembers its answers, where it told
   */
  resume(dedupeMs: number = DEDUPE_MS): void {
    this.#dedupeMs = dedupeMs
    this.#knownOn = this.#deps.link()
    this.opening()
  }

  /** Gives an answer to whoever waits for it. */
  settle(answer: ControlReply): void {
    const awaited = this.#awaited.take(answer)
    if (!awaited) return
    if (awaited.leftAt !== undefined) this.#deps.answered(awaited.leftAt)
    awaited.answered(answer)
  }

  /**
   * The line is gone: no answer to what was sent will come on it.
   *
   * @param link the one that is gone; all where none is named
   * @param closeCode how it ended, where something we sent may have been the reason
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
      if (!repeat) this.#fail(request, requestErrors.disconnected(outgoing, sentAt !== undefined))
    }
  }

  /** Whether a question said on this line has no answer yet. */
  awaits(link: object): boolean {
    for (const { awaited } of this.#requests.values()) if (awaited?.link === link) return true
    return false
  }

  /** Gives up every question. */
  rejectAll(error: WirefoldError): void {
    for (const request of [...this.#requests.values()]) this.#fail(request, error)
  }

  #trySend(request: PendingRequest): void {
    if (!this.#ordered.isFirst(request) || !this.#mayLeave(request)) return
    const { outgoing } = request
    let said: readonly Outgoing[] | undefined | false
    try {
      said = this.#deps.say(outgoing, request)
    } catch (error) {
      const known = error instanceof WirefoldError
      this.#fail(request, known ? error : requestErrors.badPayload(outgoing, error))
      return
    }
    if (said === false) return
    if (said === undefined) {
      this.#fail(request, requestErrors.unsupported(outgoing, this.#deps.dialect().name))
      return
    }
    if (said.length === 0) {
      this.#succeed(request, localReply(outgoing))
      return
    }
    const keys = said.flatMap((message) => message.keys)
    const answered = (answer: ControlReply): void => this.#answered(request, answer)
    request.awaited = { keys, answered, link: this.#deps.link(), leftAt: undefined }
    this.#awaited.add(request.awaited)
  }

  /** Whether a question may be said now; where it may not, sees to what comes of it. */
  #mayLeave(request: PendingRequest): boolean {
    const { clock, link: lineOf, dialect } = this.#deps
    const link = lineOf()
    const known = link !== undefined && link === this.#knownOn
    const reachMs = dialect().capabilities.dedupes ? this.#dedupeMs : Number.NEGATIVE_INFINITY
    const when = sendDecision(request, { link, known, forgottenUntil: clock.now() - reachMs })
    if (when === 'lost') this.#fail(request, requestErrors.outcomeUnknown(request.outgoing))
    if (when === 'ask-before-send') void this.#askBeforeSend(request, link)
    return when === 'now'
  }

  async #askBeforeSend(request: PendingRequest, link: object | undefined): Promise<void> {
    request.isHeldBack = true
    const open = await request.beforeSend?.(request.sentAt === undefined)
    request.isHeldBack = false
    if (!open || request.cancelled) return
    request.clearedFor = link
    this.#trySend(request)
  }

  /** A newer question is asked: of those like it none need be sent that has not been yet. */
  #supersede(topic: string): void {
    for (const request of [...this.#requests.values()]) {
      if (request.topic !== topic || request.sentAt !== undefined) continue
      this.#fail(request, requestErrors.superseded(request.outgoing))
    }
  }

  /** It cannot be sent now: the question waits, if there is room for it. */
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
    if (before.queued !== queued || before.sent !== sent) this.#pending.set({ queued, sent })
  }
}
