import type { Credentials } from '../protocol/dialect.ts'

/** The reason for which the client asks for credentials. */
export type AuthReason =
  /** To connect; the credentials returned last may still be valid. */
  | 'connect'
  /** The server refused the last ones. */
  | 'refused'
  /** The server announced that the last ones are about to expire. */
  | 'expiring'

/**
 * Returns the present credentials: a token, or `{token?, query?, protocols?}` for backends that read
 * them elsewhere, or nothing. Called before every attempt to connect; its time limit is that of the
 * attempt: a later result is dropped, and the next attempt calls it anew.
 */
export type Auth = (
  reason: AuthReason,
) => string | Credentials | undefined | Promise<string | Credentials | undefined>
