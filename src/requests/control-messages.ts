import type { Clock } from '../base/clock.ts'
import type { ControlReply, OnControlReply } from '../ports/client-port.ts'
import type { Ticket } from '../ports/outgoing-request.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { AwaitedReply, ReplyTable } from './reply-table.ts'

/**
 * Control messages whose replies are awaited. They are never sent again by the client: their
 * extension sends them anew when a connection opens.
 */
export class ControlMessages {
  readonly #clock: Clock
  readonly #awaited: ReplyTable
  readonly #forget = new Set<() => void>()

  constructor(clock: Clock, awaited: ReplyTable) {
    this.#clock = clock
    this.#awaited = awaited
  }

  /** Awaits replies, each until its deadline. */
  expect(answered: OnControlReply, timeoutMs: number): ControlMessage {
    const awaitedReplies: AwaitedReply[] = []
    return {
      ticket: {
        cancelled: false,
        left: () => {
          for (const awaited of awaitedReplies) awaited.leftAt = this.#clock.now()
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
        awaitedReplies.push(awaited)
        this.#forget.add(forget)
        this.#awaited.add(awaited)
      },
    }
  }

  /** Stops awaiting all replies. */
  forget(): void {
    for (const forget of this.#forget) forget()
  }
}

/** One control intent, sent as one message or several. */
export interface ControlMessage {
  /** The ticket that is passed along with the messages. */
  readonly ticket: Ticket
  /** Awaits the reply to one of the messages, sent on this link. */
  said(message: Outgoing, link: object | undefined): void
}
