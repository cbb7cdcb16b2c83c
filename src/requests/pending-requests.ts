import type { Clock } from '../base/clock.ts'
import { refusalError, WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { Ticket } from '../connection/sender.ts'
import type { Answer } from '../ports/client-port.ts'
import type { AskOptions, Question } from '../ports/outgoing-request.ts'
import { nameOf } from '../ports/outgoing-request.ts'
import type { Dialect, Outgoing } from '../protocol/dialect.ts'
import type { ReplyFrame } from '../protocol/frame.ts'
import { Controls } from './control-messages.ts'
import { departure } from './departure.ts'
import { Lanes } from './lanes.ts'
import type { ResolvedOutboxOptions } from './outbox-options.ts'
import { isQueued, overflowing } from './overflow.ts'
import type { Asked, Pending } from './pending-request.ts'
import { localReply, reasons } from './pending-request.ts'
import { Expectations } from './reply-table.ts'

/** What a ledger needs around it. */
export interface LedgerPort {
  readonly clock: Clock
  readonly outbox: ResolvedOutboxOptions
  /**
   * Has a question sent; throws where it cannot be.
   *
   * @returns `false` where there is no line, `undefined` where the backend has no word for it
   */
  say(question: Question, ticket: Ticket): readonly Outgoing[] | undefined | false
  /** What a question said now is said on. */
  line(): object | undefined
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
export class Ledger {
  /** How many questions a full outbox has cost so far. */
  dropped = 0
  /** Who waits for the answers to control traffic. */
  readonly controls: Controls
  readonly #port: LedgerPort
  readonly #asked = new Map<string, Asked>()
  readonly #expected = new Expectations()
  readonly #lanes = new Lanes<Asked>()
  readonly #pending
  #sent = 0
  #dedupeMs = DEDUPE_MS
  /** The line on which the server knows us. */
  #knownOn: object | undefined

  constructor(port: LedgerPort) {
    this.#port = port
    this.controls = new Controls(port.clock, this.#expected)
    this.#pending = createStore<Pending>({ queued: 0, sent: 0 }, { onError: port.report })
  }

  /** How many questions are on their way. */
  get pending(): Readable<Pending> {
    return this.#pending
  }

  /** When the first thing left, after `since`, whose answer is still due. */
  unansweredSince(since: number | undefined): number | undefined {
    return this.#expected.unansweredSince(since)
  }

  /** Sends a question, now or when there is a line, and returns its answer. */
  ask(question: Question, options: AskOptions): Promise<ReplyFrame> {
    const { timeoutMs, ttlMs, signal, volatile, idempotent, ordering, supersede, gate } = options
    if (signal?.aborted) return Promise.reject(reasons.aborted(question, signal))
    return new Promise((resolve, reject) => {
      const { clock } = this.#port
      const onAbort = (): void => this.#fail(asked, reasons.aborted(question, signal))
      const timeOut = (ms: number): void =>
        this.#fail(asked, reasons.timedOut(question, ms, asked.sentAt !== undefined))
      const cancelDeadline = clock.after(timeoutMs, () => timeOut(timeoutMs))
      const cancelTtl =
        ttlMs < timeoutMs ? clock.after(ttlMs, () => asked.sentAt ?? timeOut(ttlMs)) : undefined
      signal?.addEventListener('abort', onAbort)
      const asked: Asked = {
        question,
        volatile,
        idempotent,
        lane: ordering,
        topic: supersede,
        gate,
        resolve,
        reject,
        sentAt: options.sentAt,
        cancelled: false,
        atGate: false,
        clearedFor: undefined,
        expectation: undefined,
        left: () => {
          const now = clock.now()
          if (asked.sentAt === undefined) this.#sent++
          asked.sentAt ??= now
          if (asked.expectation) asked.expectation.leftAt = now
          this.#changed()
          // Nobody will answer it: it is done. Not before, or it would be taken back.
          if (asked.expectation?.keys.length === 0) this.#succeed(asked, localReply(question))
        },
        release: () => {
          cancelDeadline()
          cancelTtl?.()
          signal?.removeEventListener('abort', onAbort)
        },
      }
      if (supersede !== undefined) this.#supersede(supersede)
      if (asked.sentAt !== undefined) this.#sent++
      this.#asked.set(question.requestId, asked)
      this.#lanes.enter(asked)
      this.#send(asked)
      if (this.#asked.get(question.requestId) === asked && isQueued(asked)) this.#queue(asked)
      this.#changed()
    })
  }

  /** There is a line: what may leave by it goes out, in order. */
  opening(): void {
    for (const asked of [...this.#asked.values()]) if (!asked.expectation) this.#send(asked)
  }

  /**
   * The server knows us: what was cut off goes out again, in order. Only now, since what was carried
   * out before the server's memory begins would be carried out once more.
   *
   * @param dedupeMs how far back the server remembers its answers, where it told
   */
  resume(dedupeMs: number = DEDUPE_MS): void {
    this.#dedupeMs = dedupeMs
    this.#knownOn = this.#port.line()
    this.opening()
  }

  /** Gives an answer to whoever waits for it. */
  settle(answer: Answer): void {
    const expectation = this.#expected.take(answer)
    if (!expectation) return
    if (expectation.leftAt !== undefined) this.#port.answered(expectation.leftAt)
    expectation.answered(answer)
  }

  /**
   * The line is gone: no answer to what was sent will come on it.
   *
   * @param line the one that is gone; all where none is named
   * @param closeCode how it ended, where something we sent may have been the reason
   */
  cut(line?: object, closeCode?: number): void {
    if (!line) this.controls.forget()
    const { dedupes } = this.#port.dialect().capabilities
    const last = POISONED.includes(closeCode ?? 0) ? this.#expected.lastLeftAt() : undefined
    for (const asked of [...this.#asked.values()]) {
      const { expectation, sentAt, volatile, question } = asked
      if (!expectation || (line && expectation.line !== line)) continue
      this.#expected.delete(expectation)
      asked.expectation = undefined
      const poison = last !== undefined && expectation.leftAt === last
      const repeat = sentAt === undefined ? !volatile : (asked.idempotent || dedupes) && !poison
      if (!repeat) this.#fail(asked, reasons.disconnected(question, sentAt !== undefined))
    }
  }

  /** Whether a question said on this line has no answer yet. */
  awaits(line: object): boolean {
    for (const { expectation } of this.#asked.values()) if (expectation?.line === line) return true
    return false
  }

  /** Gives up every question. */
  rejectAll(error: WirefoldError): void {
    for (const asked of [...this.#asked.values()]) this.#fail(asked, error)
  }

  #send(asked: Asked): void {
    if (!this.#lanes.isFirst(asked) || !this.#mayLeave(asked)) return
    const { question } = asked
    let said: readonly Outgoing[] | undefined | false
    try {
      said = this.#port.say(question, asked)
    } catch (error) {
      const known = error instanceof WirefoldError
      this.#fail(asked, known ? error : reasons.badPayload(question, error))
      return
    }
    if (said === false) return
    if (said === undefined) {
      this.#fail(asked, reasons.unsupported(question, this.#port.dialect().name))
      return
    }
    if (said.length === 0) {
      this.#succeed(asked, localReply(question))
      return
    }
    const keys = said.flatMap((outgoing) => outgoing.keys)
    const answered = (answer: Answer): void => this.#answered(asked, answer)
    asked.expectation = { keys, answered, line: this.#port.line(), leftAt: undefined }
    this.#expected.add(asked.expectation)
  }

  /** Whether a question may be said now; where it may not, sees to what comes of it. */
  #mayLeave(asked: Asked): boolean {
    const { clock, line: lineOf, dialect } = this.#port
    const line = lineOf()
    const known = line !== undefined && line === this.#knownOn
    const reachMs = dialect().capabilities.dedupes ? this.#dedupeMs : Number.NEGATIVE_INFINITY
    const when = departure(asked, { line, known, forgottenUntil: clock.now() - reachMs })
    if (when === 'lost') this.#fail(asked, reasons.outcomeUnknown(asked.question))
    if (when === 'gate') void this.#askGate(asked, line)
    return when === 'now'
  }

  async #askGate(asked: Asked, line: object | undefined): Promise<void> {
    asked.atGate = true
    const open = await asked.gate?.(asked.sentAt === undefined)
    asked.atGate = false
    if (!open || asked.cancelled) return
    asked.clearedFor = line
    this.#send(asked)
  }

  /** A newer question is asked: of those like it none need be sent that has not been yet. */
  #supersede(topic: string): void {
    for (const asked of [...this.#asked.values()]) {
      if (asked.topic !== topic || asked.sentAt !== undefined) continue
      this.#fail(asked, reasons.superseded(asked.question))
    }
  }

  /** It cannot be sent now: the question waits, if there is room for it. */
  #queue(asked: Asked): void {
    if (asked.volatile && this.#lanes.isFirst(asked)) {
      this.#fail(asked, reasons.disconnected(asked.question, false))
      return
    }
    const { outbox } = this.#port
    const loser = overflowing(this.#asked.values(), asked, outbox)
    if (!loser) return
    this.dropped++
    this.#fail(loser, reasons.outboxFull(loser.question, outbox.limit))
  }

  #answered(asked: Asked, answer: Answer): void {
    asked.expectation = undefined
    if (answer.kind === 'refusal') {
      this.#fail(asked, refusalError(nameOf(asked.question), answer.error))
    } else if (answer.kind === 'reply') this.#succeed(asked, answer)
    else this.#succeed(asked, localReply(asked.question))
  }

  #succeed(asked: Asked, reply: ReplyFrame): void {
    this.#settled(asked)
    asked.resolve(reply)
  }

  #fail(asked: Asked, error: WirefoldError): void {
    this.#settled(asked)
    asked.reject(error)
  }

  #settled(asked: Asked): void {
    asked.release()
    asked.cancelled = true
    if (this.#asked.delete(asked.question.requestId) && asked.sentAt !== undefined) {
      this.#sent--
    }
    if (asked.expectation) this.#expected.delete(asked.expectation)
    asked.expectation = undefined
    this.#changed()
    const next = this.#lanes.leave(asked)
    if (next && !next.expectation) this.#send(next)
  }

  #changed(): void {
    const sent = this.#sent
    const queued = this.#asked.size - sent
    const before = this.#pending.get()
    if (before.queued !== queued || before.sent !== sent) this.#pending.set({ queued, sent })
  }
}
