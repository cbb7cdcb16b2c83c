import type { Clock } from '../../base/clock.ts'
import type { Transport, TransportHandlers } from '../../ports/transport.ts'
import { isFields } from '../../protocol/fields.ts'
import { compareMessages } from './compare-messages.ts'
import type { RecordedData, RecordedLine } from './recorded-line.ts'
import { dataOf, encodedOf } from './recorded-line.ts'

/** Dependencies of a replayed connection. */
export interface ReplayParts {
  /** Number of the connection, from 1. */
  readonly n: number
  readonly steps: readonly RecordedLine[]
  readonly handlers: TransportHandlers
  readonly clock: Clock
  readonly volatile: RegExp
  readonly skips: (message: unknown) => boolean
  /** Ids of the recording, and those of this run. */
  readonly renamed: Map<string, string>
  /** Called with the first difference. */
  readonly fail: (failure: string) => void
}

/** One connection of a replayed session: its steps one by one, the client's compared. */
export class ReplayedConnection {
  readonly near: Transport
  readonly #parts: ReplayParts
  readonly #steps: RecordedLine[]
  /** Messages of the client that are not compared yet. */
  readonly #sent: unknown[] = []
  /** Messages of the step that is being compared. */
  #due: unknown[] | undefined
  #at: number
  #isOver = false
  /** Number of compared messages. */
  #count = 0

  constructor(parts: ReplayParts) {
    this.#parts = parts
    this.#steps = [...parts.steps]
    this.#at = this.#steps[0]?.at ?? 0
    this.near = {
      bufferedAmount: 0,
      send: (data) => {
        if (this.#isOver) return
        this.#sent.push(...this.#compared(dataOf(data)))
        if (this.#due) this.#compare()
      },
      close: () => {
        this.#isOver = true
      },
    }
  }

  /** What the recording has and this connection did not see; `undefined` if there is nothing. */
  get missing(): string | undefined {
    const [unsent] = this.#due ?? []
    const where = `connection ${this.#parts.n}`
    if (unsent !== undefined) {
      return `The client did not send message ${this.#count + 1} of ${where}: ${JSON.stringify(unsent)}`
    }
    const [extra] = this.#sent
    if (extra !== undefined && this.#steps.length === 0) {
      return `The client sent a message that is not in the recording, on ${where}: ${JSON.stringify(extra)}`
    }
    const next = this.#steps.find((step) => !('close' in step))
    return next && `The recording was not played to its end. The next step: ${JSON.stringify(next)}`
  }

  /** Plays the steps up to the next one that waits: for its time, or for the client. */
  play(): void {
    const step = this.#steps[0]
    if (!step || this.#isOver) return
    const wait = step.at - this.#at
    if ('in' in step || 'opened' in step || 'closed' in step) {
      // Later, as on every transport, even if it was at once.
      this.#parts.clock.after(wait, () => {
        if (this.#isOver) return
        this.#passed(step)
        this.#deliver(step)
        this.play()
      })
      return
    }
    this.#passed(step)
    if ('out' in step) {
      this.#due = [...this.#compared(step.out)]
      this.#compare()
    } else this.play()
  }

  #passed(step: RecordedLine): void {
    this.#steps.shift()
    this.#at = step.at
  }

  #deliver(step: RecordedLine): void {
    const { handlers } = this.#parts
    if ('in' in step) handlers.message(encodedOf(this.#renamedIn(step.in)))
    else if ('opened' in step) handlers.opened()
    else if ('closed' in step) {
      this.#isOver = true
      handlers.closed(step.closed)
    }
  }

  /** Compares what was sent with what is due, and plays on once that is complete. */
  #compare(): void {
    const due = this.#due ?? []
    while (due.length > 0 && this.#sent.length > 0) {
      const [recorded, sent] = [due.shift(), this.#sent.shift()]
      this.#count++
      const { difference, renamed } = compareMessages(recorded, sent, this.#parts.volatile)
      for (const [one, other] of renamed) this.#parts.renamed.set(one, other)
      if (difference === undefined) continue
      this.#isOver = true
      this.#parts.fail(
        [
          `The client sent another message ${this.#count} on connection ${this.#parts.n}: ${difference}`,
          `- recorded ${JSON.stringify(recorded)}`,
          `+ sent     ${JSON.stringify(sent)}`,
        ].join('\n'),
      )
      return
    }
    if (due.length > 0) return
    this.#due = undefined
    this.play()
  }

  /** Returns the messages of a frame that are compared: an array of objects is a batch. */
  #compared(data: RecordedData): readonly unknown[] {
    const message = parsed(data)
    const batch = Array.isArray(message) && message.length > 0 && message.every(isFields)
    return (batch ? message : [message]).filter((one) => !this.#parts.skips(one))
  }

  /** Replaces the ids of the recording by those of this run. */
  #renamedIn(data: RecordedData): RecordedData {
    if (typeof data !== 'string') return data
    let text = data
    for (const [one, other] of this.#parts.renamed) text = text.replaceAll(one, other)
    return text
  }
}

/** Returns the value of a text in JSON; other data as it is. */
function parsed(data: RecordedData): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
