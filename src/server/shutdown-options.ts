import { inspect } from 'node:util'
import { badOption, type WirefoldError } from '../base/errors.ts'
import { asFields, isFields } from '../protocol/fields.ts'
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
 * @returns the code and the reason to send; and the error about options that cannot be used, in
 * place of which the defaults are sent
 */
export function closing(
  options: unknown,
  defaults: { readonly code: number; readonly reason: string },
): { readonly code: number; readonly reason: string; readonly mistake: WirefoldError | undefined } {
  const given = new GivenOptions(options)
  const code = given.read('code', isSendable, defaults.code, CODES)
  const reason = given.read('reason', isText, defaults.reason, 'a string')
  return { code, reason, mistake: given.mistake }
}

/** Options of a shutdown. What cannot be used must not keep connections open: the default is. */
export class GivenOptions {
  readonly #options: unknown
  #mistake: WirefoldError | undefined

  constructor(options: unknown) {
    this.#options = options
    if (options !== undefined && !isFields(options)) this.#refuse('options', options, 'an object')
  }

  /** The error about the first value that was refused; `undefined` for none. */
  get mistake(): WirefoldError | undefined {
    return this.#mistake
  }

  /** Returns an option, or its default if it is left out or refused. Never throws. */
  read<Value>(
    option: string,
    accepts: (value: unknown) => value is Value,
    usual: Value,
    advice: string,
  ): Value {
    try {
      const value = asFields(this.#options)[option]
      if (value === undefined) return usual
      if (accepts(value)) return value
      this.#refuse(option, value, advice)
    } catch (cause) {
      // The application's getter threw.
      this.#refuse(option, cause, advice)
    }
    return usual
  }

  #refuse(option: string, value: unknown, advice: string): void {
    // The first line alone, as that of an error is followed by its stack.
    const [shown] = inspect(value, { depth: 0, maxStringLength: 80 }).split('\n')
    const message = `The option ${option} cannot be ${shown}. Give ${advice}.`
    this.#mistake ??= badOption(option, message)
  }
}

/** Whether a value is a string. */
export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

const CODES = 'a close code: 1000 to 1014 without 1004, 1005 and 1006, or 3000 to 4999'

function isSendable(value: unknown): value is number {
  return typeof value === 'number' && isCloseCode(value)
}
