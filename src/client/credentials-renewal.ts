import type { Clock } from '../base/clock.ts'
import { refusalError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import type { CredentialsSource } from '../connection/credentials.ts'
import type { ClientPort } from '../ports/client-port.ts'

/**
 * Renews the credentials of the open connection; without new ones the server closes it when they
 * expire.
 */
export class CredentialsRenewal {
  readonly #deps: CredentialsRenewalDeps
  #running = false

  constructor(deps: CredentialsRenewalDeps) {
    this.#deps = deps
  }

  /** Asks the application for credentials and sends them; one renewal at a time. Never rejects. */
  async run(): Promise<void> {
    const { credentialsSource, port, clock, socket } = this.#deps
    if (!credentialsSource.present || this.#running) return
    const before = socket()
    this.#running = true
    try {
      const { token } = await credentialsSource.ask('expiring')
      if (token === undefined || before !== socket()) return
      const intent = {
        kind: 'auth',
        timestamp: clock.wall(),
        requestId: randomId(),
        token,
      } as const
      port.say(intent, (answer) => {
        if (answer?.kind === 'refusal') port.report(refusalError('the new token', answer.error))
      })
    } catch (error) {
      port.report(error)
    } finally {
      this.#running = false
    }
  }
}

/** Dependencies of {@link CredentialsRenewal}. */
export interface CredentialsRenewalDeps {
  readonly credentialsSource: CredentialsSource
  readonly port: ClientPort
  readonly clock: Clock
  /** Returns the present socket: credentials requested for one socket are not sent on the next. */
  readonly socket: () => unknown
}
