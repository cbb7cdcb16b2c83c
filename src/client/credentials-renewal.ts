import { refusalError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import type { CredentialsSource } from '../connection/credentials.ts'
import type { ClientPort } from '../ports/client-port.ts'

/** Time after which the application is asked again, although it has not answered, in milliseconds. */
const PATIENCE_MS = 10_000

/**
 * Renews the credentials of the open connection; without new ones the server closes it when they
 * expire.
 */
export class CredentialsRenewal {
  readonly #deps: CredentialsRenewalDeps
  #question: { readonly socket: unknown; readonly since: number } | undefined

  constructor(deps: CredentialsRenewalDeps) {
    this.#deps = deps
  }

  /**
   * Asks the application for credentials and sends them; one question at a time and socket. An answer
   * that comes after a newer question, or after the end of its socket, is dropped. Never rejects.
   */
  async run(): Promise<void> {
    const { credentialsSource, port, socket } = this.#deps
    const { clock } = port
    const question = { socket: socket(), since: clock.now() }
    const asked = this.#question
    const isWaiting =
      asked && asked.socket === question.socket && question.since < asked.since + PATIENCE_MS
    if (!credentialsSource.present || isWaiting) return
    this.#question = question
    const isCurrent = (): boolean => this.#question === question && question.socket === socket()
    try {
      const { token } = await credentialsSource.ask('expiring')
      if (token === undefined || !isCurrent()) return
      const timestamp = clock.wall()
      port.say({ kind: 'auth', timestamp, requestId: randomId(), token }, (answer) => {
        if (answer?.kind === 'refusal') port.report(refusalError('the new token', answer.error))
      })
    } catch (error) {
      if (isCurrent()) port.report(error)
    } finally {
      if (isCurrent()) this.#question = undefined
    }
  }
}

/** Dependencies of {@link CredentialsRenewal}. */
export interface CredentialsRenewalDeps {
  readonly credentialsSource: CredentialsSource
  readonly port: ClientPort
  /** Returns the present socket: credentials requested for one socket are not sent on the next. */
  readonly socket: () => unknown
}
