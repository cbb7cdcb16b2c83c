import type { Clock } from '../base/clock.ts'
import { refusalError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import type { Authority } from '../connection/credentials.ts'
import type { Line } from '../ports/client-port.ts'

/** What a renewal is made of. */
export interface RenewalParts {
  readonly authority: Authority
  readonly line: Line
  readonly clock: Clock
  /** What the credentials are said on: those of one socket mean nothing to the next. */
  readonly socket: () => unknown
}

/** New credentials for the living connection. Without them the server will close it in its time. */
export class Renewal {
  readonly #parts: RenewalParts
  #running = false

  constructor(parts: RenewalParts) {
    this.#parts = parts
  }

  /** Asks the application for them and says them; once at a time. Never rejects. */
  async run(): Promise<void> {
    const { authority, line, clock, socket } = this.#parts
    if (!authority.present || this.#running) return
    const before = socket()
    this.#running = true
    try {
      const { token } = await authority.ask('expiring')
      if (token === undefined || before !== socket()) return
      const intent = {
        kind: 'auth',
        timestamp: clock.wall(),
        requestId: randomId(),
        token,
      } as const
      line.say(intent, (answer) => {
        if (answer?.kind === 'refusal') line.report(refusalError('the new token', answer.error))
      })
    } catch (error) {
      line.report(error)
    } finally {
      this.#running = false
    }
  }
}
