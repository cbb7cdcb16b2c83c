import type { Cancel, Clock } from '../base/clock.ts'
import { refusalError, WirefoldError } from '../base/errors.ts'
import type { Outgoing } from '../wire/dialect.ts'
import type { ReplyFrame } from '../wire/frame.ts'
import type { PublishIntent, RequestIntent } from '../wire/intent.ts'
import type { Answer, Answered } from '../wire/line.ts'
import type { Expectation } from './expectations.ts'
import { Expectations } from './expectations.ts'

/** Something that wants an answer and gets exactly one. */
export type Question = RequestIntent | PublishIntent

/** How a question is asked. */
export interface AskOptions {
  /** How long its answer may take, in milliseconds, the time it waits to be sent included. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** What a ledger needs around it. */
export interface LedgerPort {
  readonly clock: Clock
  /** The most questions that may wait for a connection. */
  readonly limit: number
  /**
   * Has a question sent; throws `too-large`.
   *
   * @returns `false` where there is no line, `undefined` where the backend has no word for it
   */
  say(question: Question): readonly Outgoing[] | undefined | false
  /** The name of the dialect, for people. */
  dialect(): string
}

interface Asked {
  readonly question: Question
  readonly timeoutMs: number
  readonly resolve: (reply: ReplyFrame) => void
  readonly reject: (error: WirefoldError) => void
  readonly cancel: Cancel
  /** Present once it was sent. */
  expectation: Expectation | undefined
}

/**
 * Who waits for what: questions not yet sent, in order, and everything sent whose answer is due.
 *
 * Each question settles exactly once: by its answer, its deadline, its signal, a cut after it was
 * sent, or the end of the client. An answer nobody waits for (any more) is dropped.
 */
export class Ledger {
  readonly #port: LedgerPort
  readonly #asked = new Map<string, Asked>()
  readonly #held = new Set<Asked>()
  readonly #expected = new Expectations()
  /** Deadlines of control traffic, which a cut ends. */
  readonly #controls = new Set<Cancel>()

  constructor(port: LedgerPort) {
    this.#port = port
  }

  /** How many questions wait for their answer, sent or not. */
  get size(): number {
    return this.#asked.size
  }

  /** How many answers are due: of questions and of control traffic. */
  get due(): number {
    return this.#expected.size
  }

  /** Sends a question, now or when there is a line, and returns its answer. */
  ask(question: Question, { timeoutMs, signal }: AskOptions): Promise<ReplyFrame> {
    const { requestId } = question
    if (signal?.aborted) return Promise.reject(this.#aborted(question, signal))
    if (this.#held.size >= this.#port.limit) {
      const { limit } = this.#port
      const message = `${name(question)} was not sent: ${limit} requests wait for the connection already.`
      return Promise.reject(new WirefoldError('outbox-full', message, { requestId, limit }))
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#fail(asked, this.#aborted(question, signal))
      const cancelDeadline = this.#port.clock.after(timeoutMs, () => this.#timeOut(asked))
      signal?.addEventListener('abort', onAbort)
      const asked: Asked = {
        question,
        timeoutMs,
        resolve,
        reject,
        expectation: undefined,
        cancel: () => {
          cancelDeadline()
          signal?.removeEventListener('abort', onAbort)
        },
      }
      this.#asked.set(requestId, asked)
      this.#held.add(asked)
      this.#send(asked)
    })
  }

  /** There is a line: what was held goes out, in order. */
  opening(): void {
    for (const asked of [...this.#held]) this.#send(asked)
  }

  /** Waits for the answer to control traffic, or for its deadline. */
  expect(said: Outgoing, answered: Answered, timeoutMs: number): void {
    const expectation: Expectation = {
      keys: said.keys,
      answered: (answer) => {
        this.#controls.delete(cancel)
        cancel()
        answered(answer, said.channels)
      },
    }
    const cancel = this.#port.clock.after(timeoutMs, () => {
      this.#controls.delete(cancel)
      this.#expected.delete(expectation)
      answered(undefined, said.channels)
    })
    this.#controls.add(cancel)
    this.#expected.add(expectation)
  }

  /** Gives an answer to whoever waits for it; false where nobody does. */
  settle(answer: Answer): boolean {
    return this.#expected.settle(answer)
  }

  /** The line is gone: no answer to what was sent will come on it. */
  cut(): void {
    for (const cancel of this.#controls) cancel()
    this.#controls.clear()
    this.#expected.clear()
    for (const asked of [...this.#asked.values()]) {
      if (!asked.expectation) continue
      const { question } = asked
      const { requestId } = question
      this.#fail(
        asked,
        new WirefoldError(
          'disconnected',
          `The connection was lost before ${name(question)} was answered; it may have been carried out.`,
          { requestId, sent: true },
        ),
      )
    }
  }

  /** Nothing will be answered any more. */
  end(error: WirefoldError): void {
    this.cut()
    for (const asked of [...this.#asked.values()]) this.#fail(asked, error)
  }

  #send(asked: Asked): void {
    const { question } = asked
    let said: readonly Outgoing[] | undefined | false
    try {
      said = this.#port.say(question)
    } catch (error) {
      this.#fail(asked, asError(error, question))
      return
    }
    if (said === false) return
    this.#held.delete(asked)
    if (said === undefined) {
      const dialect = this.#port.dialect()
      const what = name(question)
      const message = `The dialect ${dialect} has no word for ${what}; this backend takes no such thing.`
      this.#fail(asked, new WirefoldError('unsupported', message, { dialect, what }))
      return
    }
    const keys = said.flatMap((outgoing) => outgoing.keys)
    if (keys.length === 0) this.#succeed(asked, locally(question))
    else {
      asked.expectation = { keys, answered: (answer) => this.#answered(asked, answer) }
      this.#expected.add(asked.expectation)
    }
  }

  #answered(asked: Asked, answer: Answer): void {
    asked.expectation = undefined
    if (answer.kind === 'refusal') {
      this.#fail(asked, refusalError(name(asked.question), answer.error))
    } else if (answer.kind === 'reply') this.#succeed(asked, answer)
    else this.#succeed(asked, locally(asked.question))
  }

  #timeOut(asked: Asked): void {
    const { question, timeoutMs } = asked
    const sent = asked.expectation !== undefined
    const why = sent ? 'no answer came' : 'there was no connection'
    this.#fail(
      asked,
      new WirefoldError(
        'request-timeout',
        `${name(question)} timed out: ${why} in ${timeoutMs} ms.`,
        {
          requestId: question.requestId,
          timeoutMs,
          sent,
        },
      ),
    )
  }

  #aborted(question: Question, signal: AbortSignal | undefined): WirefoldError {
    const { requestId } = question
    const message = `${name(question)} was aborted by its signal.`
    return new WirefoldError('aborted', message, { requestId }, { cause: signal?.reason })
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
    asked.cancel()
    this.#held.delete(asked)
    this.#asked.delete(asked.question.requestId)
    if (asked.expectation) this.#expected.delete(asked.expectation)
    asked.expectation = undefined
  }
}

function name(question: Question): string {
  return question.kind === 'request'
    ? `the request ${question.type}`
    : `the publish on ${question.channel}`
}

function locally({ requestId }: Question): ReplyFrame {
  return { kind: 'reply', to: [requestId], payload: undefined, at: undefined }
}

function asError(error: unknown, question: Question): WirefoldError {
  if (error instanceof WirefoldError) return error
  const { requestId } = question
  const message = `${name(question)} cannot be put into words. Give it a payload of plain JSON.`
  return new WirefoldError('bad-payload', message, { requestId }, { cause: error })
}
