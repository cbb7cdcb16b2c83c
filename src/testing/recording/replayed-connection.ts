import type { Clock } from '../../base/clock.ts'
import type { Transport, TransportHandlers } from '../../ports/transport.ts'
import { compareMessages } from './compare-messages.ts'
import type { Heartbeat } from './heartbeats.ts'
import { heartbeatsOf, isPing } from './heartbeats.ts'
import type { RecordedData, RecordedLine } from './recorded-line.ts'
import { dataOf, encodedOf, messagesOf } from './recorded-line.ts'
import { Renames } from './renames.ts'

/** Dependencies of a replayed connection. */
export interface ReplayParts {
  /** Number of the connection, from 1. */
  readonly n: number
  readonly steps: readonly RecordedLine[]
  readonly handlers: TransportHandlers
  readonly clock: Clock
  readonly volatile: RegExp
  readonly skips: (message: unknown) => boolean
  /** Values of the recording that are others in this run. */
  readonly renames: Renames
  /** Called with the first difference. */
  readonly fail: (failure: string) => void
}

/** One connection of a replayed session: its steps one by one, the client's compared. */
export class ReplayedConnection {
  readonly near: Transport
  readonly #parts: ReplayParts
  /** Index of the next step. */
  #next = 0
  /** Messages of the client that are not compared yet. */
  readonly #sent: unknown[] = []
  /** Messages of the step that is being compared. */
  #due: unknown[] | undefined
  #at: number
  #isOver = false
  /** Number of compared messages. */
  #count = 0
  readonly #heartbeats: readonly (Heartbeat | undefined)[]
  /** The answered pings by the step of their answer. */
  readonly #answers: ReadonlyMap<RecordedLine | undefined, Heartbeat | undefined>
  /** Number of the client's pings in this run. */
  #pings = 0
  /** The last heartbeat whose answer was played. */
  #answered: Heartbeat | undefined

  constructor(parts: ReplayParts) {
    this.#parts = parts
    this.#at = parts.steps[0]?.at ?? 0
    this.#heartbeats = heartbeatsOf(parts.steps)
    this.#answers = new Map(this.#heartbeats.map((heartbeat) => [heartbeat?.step, heartbeat]))
    this.near = {
      bufferedAmount: 0,
      send: (data) => {
        if (this.#isOver) return
        for (const message of messagesOf(dataOf(data))) {
          if (!parts.skips(message)) this.#sent.push(message)
          else if (isPing(message)) this.#answer(message)
        }
        if (this.#due && this.#compare()) this.play()
      },
      close: () => {
        this.#isOver = true
      },
    }
  }

  /** What the recording has and this connection did not see; `undefined` if there is nothing. */
  get missing(): string | undefined {
    const [unsent] = this.#due ?? []
    const { n, steps } = this.#parts
    const where = `connection ${n}`
    if (unsent !== undefined) {
      return `The client did not send message ${this.#count + 1} of ${where}: ${JSON.stringify(unsent)}`
    }
    const [extra] = this.#sent
    if (extra !== undefined && this.#next === steps.length) {
      return `The client sent a message that is not in the recording, on ${where}: ${JSON.stringify(extra)}`
    }
    const next = steps
      .slice(this.#next)
      .find((step) => !('close' in step) && !this.#isSkipped(step))
    return next && `The recording was not played to its end. The next step: ${JSON.stringify(next)}`
  }

  /** Plays the steps up to the next one that waits: for its time, or for the client. */
  play(): void {
    const { steps, clock } = this.#parts
    for (let step = steps[this.#next]; step && !this.#isOver; step = steps[this.#next]) {
      if ('in' in step || 'opened' in step || 'closed' in step) {
        // Later, as on every transport, even if it was at once.
        const timed = step
        clock.after(timed.at - this.#at, () => this.#deliver(timed))
        return
      }
      this.#next++
      // The time until a skipped message is part of the delay of the next step.
      if (this.#isSkipped(step)) continue
      this.#at = step.at
      if ('out' in step) {
        this.#due = messagesOf(step.out).filter((message) => !this.#parts.skips(message))
        if (!this.#compare()) return
      }
    }
  }

  #isSkipped(step: RecordedLine): boolean {
    return 'out' in step && messagesOf(step.out).every(this.#parts.skips)
  }

  #deliver(step: RecordedLine): void {
    if (this.#isOver) return
    this.#next++
    this.#at = step.at
    const { handlers } = this.#parts
    if ('in' in step) {
      this.#answered = this.#answers.get(step) ?? this.#answered
      handlers.message(encodedOf(this.#renamedIn(step.in)))
    } else if ('opened' in step) handlers.opened()
    else if ('closed' in step) {
      this.#isOver = true
      handlers.closed(step.closed)
    }
    this.play()
  }

  /**
   * Answers a ping after the recorded delay, if the recording has an answer: the client's pings come at
   * other times than in the recording, and there may be more of them.
   */
  #answer(sent: unknown): void {
    const { clock, handlers, volatile } = this.#parts
    const all = this.#heartbeats
    const heartbeat = all[Math.min(this.#pings++, all.length - 1)]
    if (!heartbeat) return
    clock.after(heartbeat.delayMs, () => {
      if (this.#isOver) return
      // The last answer that was played: a later one may name events that are still to come.
      const { ping, pong } = this.#answered ?? heartbeat
      const renames = new Renames()
      renames.add(compareMessages(ping, sent, volatile).renames)
      handlers.message(renames.inText(JSON.stringify(pong)))
    })
  }

  /** Compares what was sent with what is due; returns whether all of that is there. */
  #compare(): boolean {
    const due = this.#due ?? []
    while (due.length > 0 && this.#sent.length > 0) {
      const [recorded, sent] = [due.shift(), this.#sent.shift()]
      this.#count++
      const { difference, renames } = compareMessages(recorded, sent, this.#parts.volatile)
      this.#parts.renames.add(renames)
      if (difference === undefined) continue
      this.#isOver = true
      this.#parts.fail(
        [
          `The client sent another message ${this.#count} on connection ${this.#parts.n}: ${difference}`,
          `- recorded ${JSON.stringify(recorded)}`,
          `+ sent     ${JSON.stringify(sent)}`,
        ].join('\n'),
      )
      return false
    }
    if (due.length > 0) return false
    this.#due = undefined
    return true
  }

  /** Replaces the ids of the recording by those of this run. */
  #renamedIn(data: RecordedData): RecordedData {
    return typeof data === 'string' ? this.#parts.renames.inText(data) : data
  }
}
