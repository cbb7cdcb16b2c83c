import type { Clock } from '../base/clock.ts'
import type { Ticket } from '../connection/sender.ts'
import type { Answer, Answered } from '../ports/client-port.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { Expectation, Expectations } from './reply-table.ts'

/** One thing said as control traffic, in one message or several. */
export interface Control {
  /** Goes with the messages. */
  readonly ticket: Ticket
  /** Waits for the answer to one of the messages, said on this line. */
  said(outgoing: Outgoing, line: object | undefined): void
}

/**
 * Who waits for the answers to control traffic, which is never said again by itself: whoever said it
 * says it anew when a socket opens.
 */
export class Controls {
  readonly #clock: Clock
  readonly #expected: Expectations
  readonly #forget = new Set<() => void>()

  constructor(clock: Clock, expected: Expectations) {
    this.#clock = clock
    this.#expected = expected
  }

  /** Waits for answers, each until its deadline. */
  expect(answered: Answered, timeoutMs: number): Control {
    const expectations: Expectation[] = []
    return {
      ticket: {
        cancelled: false,
        left: () => {
          for (const expectation of expectations) expectation.leftAt = this.#clock.now()
        },
      },
      said: ({ keys, channels }, line) => {
        const forget = (): void => {
          this.#forget.delete(forget)
          this.#expected.delete(expectation)
          cancel()
        }
        const done = (answer: Answer | undefined): void => {
          forget()
          answered(answer, channels)
        }
        const expectation: Expectation = { keys, line, leftAt: undefined, answered: done }
        const cancel = this.#clock.after(timeoutMs, () => done(undefined))
        expectations.push(expectation)
        this.#forget.add(forget)
        this.#expected.add(expectation)
      },
    }
  }

  /** Nobody waits any more. */
  forget(): void {
    for (const forget of this.#forget) forget()
  }
}
