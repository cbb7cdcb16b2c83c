import type { Credentials } from '../protocol/dialect.ts'

/** Why credentials are asked for. */
export type AuthReason =
  /** To connect; what was given last may still be good. */
  | 'connect'
  /** The server did not take the last ones. */
  | 'refused'
  /** The server says that the last ones are about to expire. */
  | 'expiring'

/**
 * Gives the credentials of this moment: a token, or `{token?, query?, protocols?}` for backends that
 * want them elsewhere, or nothing. It is asked before every attempt to connect, and has as long as the
 * attempt: a later answer is dropped, and the next attempt asks anew.
 */
export type Auth = (
  reason: AuthReason,
) => string | Credentials | undefined | Promise<string | Credentials | undefined>

/**
 * Asks the application for credentials. Each question belongs to the attempt that asks it, which drops
 * an answer that comes after its end: an answer is never shared with another attempt.
 */
export class CredentialsSource {
  readonly #auth: Auth | undefined
  readonly #before: { ready(): Promise<void> } | undefined

  /** @param before what has to be ready before there are credentials */
  constructor(auth: Auth | undefined, before: { ready(): Promise<void> } | undefined) {
    this.#auth = auth
    this.#before = before
  }

  /** Whether there is anybody to ask. */
  get present(): boolean {
    return this.#auth !== undefined
  }

  /** Whether there is nothing to wait for, and nobody to ask. */
  get idle(): boolean {
    return !this.#auth && !this.#before
  }

  /** The credentials of this moment; rejects as the application does. */
  async ask(reason: AuthReason): Promise<Credentials> {
    await this.#before?.ready()
    const given = await this.#auth?.(reason)
    return typeof given === 'string' ? { token: given } : (given ?? {})
  }
}
