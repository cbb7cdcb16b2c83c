import { WirefoldError } from '../base/errors.ts'
import { isCloseCode } from './socket/close-frame.ts'

/** Options for closing a server. */
export interface ServerCloseOptions {
  /**
   * The close code.
   * @default 1001
   */
  readonly code?: number | undefined
  /**
   * The close reason; only its first 123 bytes are sent. Clients understand JSON in it: `retryAfterMs` is the minimum
   * time before they reconnect, `windowMs` the time over which they spread their reconnects.
   * @default 'the server is closing'
   */
  readonly reason?: string | undefined
}

/** Default values of {@link ServerCloseOptions}. */
export const closeDefaults = { code: 1001, reason: 'the server is closing' } as const

/** Options for ending a connection, or all connections of a user. */
export interface DisconnectOptions {
  /**
   * The close code: on 4401 the client retries once with fresh credentials, on 4403 it gives up.
   * @default 4401
   */
  readonly code?: number | undefined
  /**
   * The close reason; only its first 123 bytes are sent.
   * @default 'signed out'
   */
  readonly reason?: string | undefined
}

/** Default values of {@link DisconnectOptions}. */
export const disconnectDefaults = { code: 4401, reason: 'signed out' } as const

/** Options for draining a server. */
export interface DrainOptions {
  /**
   * Time until the remaining connections are closed, in milliseconds.
   * @default 30_000
   */
  readonly deadlineMs?: number | undefined
  /**
   * Time over which the clients spread their reconnects, in milliseconds.
   * @default 10_000
   */
  readonly windowMs?: number | undefined
  /**
   * The reason, as text for people.
   * @default 'the server restarts'
   */
  readonly reason?: string | undefined
}

/** Default values of {@link DrainOptions}. */
export const drainDefaults = {
  deadlineMs: 30_000,
  windowMs: 10_000,
  reason: 'the server restarts',
} as const

/**
 * Fills in the defaults of a close.
 *
 * @returns the code and the reason to send; and the error about a code that cannot be sent, in place
 * of which the default is sent
 */
export function closing(
  options: DisconnectOptions,
  defaults: { readonly code: number; readonly reason: string },
): { readonly code: number; readonly reason: string; readonly mistake?: WirefoldError } {
  const { code = defaults.code, reason = defaults.reason } = options
  if (isCloseCode(code)) return { code, reason }
  const codes = '1000 to 1014 without 1004, 1005 and 1006, or 3000 to 4999'
  const message = `The close code ${code} cannot be sent. Give ${codes}.`
  const mistake = new WirefoldError('bad-option', message, { option: 'code' })
  return { code: defaults.code, reason, mistake }
}
