import type { Clock } from '../base/clock.ts'
import type { ControlReply, OnControlReply } from '../ports/client-port.ts'
import type { Ticket } from '../ports/outgoing-request.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { AwaitedReply, ReplyTable } from './reply-table.ts'

/** One thing said as control traffic, in one message or several. */
export interface ControlMessage {
  /** Goes with the messages. */
  readonly ticket: Ticket
  /** Waits for the answer to one of the messages, said on this line. */
  said(message: Outgoing, link: object | undefined): void
}

/**
 * Who waits for the answers to control traffic, which is never said again by itself: whoever said it
 * says it anew when a socket opens.
 */
export class ControlMessages {
  readonly #clock: Clock
  readonly #awaited: ReplyTable
  readonly #forget = new Set<() => void>()

  constructor(clock: Clock, expected: ReplyTable) {
    this.#clock = clock
    this.#awaited = expected
  }

  /** Waits for answers, each until its deadline. */
  expect(answered: OnControlReply, timeoutMs: number): ControlMessage {
    const expectations: AwaitedReply[] = []
    return {
      ticket: {
        cancelled: false,
        left: () => {
          for (const awaited of expectations) awaited.leftAt = this.#clock.now()
        },
      },
      said: ({ keys, channels }, link) => {
        const forget = (): void => {
          this.#forget.delete(forget)
          this.#awaited.delete(awaited)
          cancel()
        }
        const done = (answer: ControlReply | undefined): void => {
          forget()
          answered(answer, channels)
        }
        const awaited: AwaitedReply = { keys, link, leftAt: undefined, answered: done }
        const cancel = this.#clock.after(timeoutMs, () => done(undefined))
        expectations.push(awaited)
        this.#forget.add(forget)
        this.#awaited.add(awaited)
      },
    }
  }

  /** Nobody waits any more. */
  forget(): void {
    for (const forget of this.#forget) forget()
  }
}
