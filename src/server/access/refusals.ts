import type { Refusal } from '../../base/errors.ts'
import { isWirefoldError, WirefoldError } from '../../base/errors.ts'
import { asFields, asNumber } from '../../protocol/fields.ts'

/** What the server itself says no with. The messages are fixed: nothing of the inside leaks. */
const MESSAGES = {
  'bad-channel': 'This is not the name of a channel.',
  'bad-frame': 'The message could not be read.',
  'bad-protocol': 'This server speaks version 1 of the protocol.',
  conflict: 'Something else was asked under this id.',
  forbidden: 'This is not allowed.',
  'handler-failed': 'The request could not be carried out.',
  'identity-changed': 'The user is no longer the one expected.',
  internal: 'Something went wrong on the server.',
  'not-authenticated': 'The server does not know who you are.',
  'not-present': 'You are not there.',
  'outcome-unknown': 'It is not known whether this was carried out.',
  'rate-limited': 'Too much at once.',
  'subscription-limit': 'Too many subscriptions on this connection.',
  'too-large': 'The message is too large.',
  'unknown-type': 'The server has no handler for this type.',
} as const

/** Where asking again, unchanged, may succeed. */
const RETRYABLE: ReadonlySet<string> = new Set(['internal', 'rate-limited'])

/** What a connection is closed with that is refused as a whole; otherwise 1008. */
export const CLOSE_CODES: ReadonlyMap<string, number> = new Map([
  ['forbidden', 4403],
  ['not-authenticated', 4401],
  ['rate-limited', 4429],
  ['too-large', 1009],
])

/** The codes the server itself refuses with. */
export type RefusalCode = keyof typeof MESSAGES

/** The server's own "no". */
export function refusal(code: RefusalCode, channel?: string): Refusal {
  const message = MESSAGES[code]
  const retryable = RETRYABLE.has(code)
  return channel === undefined
    ? { code, message, retryable }
    : { code, message, retryable, channel }
}

/** The "no" to more than a rate allows. */
export function rateLimited(retryAfterMs: number): Refusal {
  return { ...refusal('rate-limited'), retryAfterMs }
}

/** The "no" for a message that cannot be read, with the part of the protocol it breaks. */
export function badFrame(reason: string): Refusal {
  return { ...refusal('bad-frame'), message: `The message could not be read: ${reason}.` }
}

/** What {@link refuse} may say besides code and message. */
export interface RefuseOptions {
  /**
   * Whether asking again later may succeed.
   * @default false
   */
  readonly retryable?: boolean | undefined
  /** The soonest it makes sense to ask again, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined
  /** Anything else the client should know; JSON. */
  readonly details?: unknown
}

/**
 * The error a request handler throws to say no, and why, to the client that asked.
 *
 * Anything else a handler throws reaches the client as `handler-failed`, without its message.
 *
 * @example
 * server.handle('order:place', ({ item }: { item: string }) => {
 *   if (!stock.has(item)) throw refuse('out-of-stock', 'This item is sold out.')
 * })
 */
export function refuse(code: string, message: string, options: RefuseOptions = {}): WirefoldError {
  const { retryable = false, retryAfterMs, details } = options
  return new WirefoldError(code, message, {
    code,
    message,
    retryable,
    ...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
    ...(details === undefined ? undefined : { details }),
  })
}

/** What a thrown error says to the client; `undefined` where it was not meant for it. */
export function refusalFromError(error: unknown): Refusal | undefined {
  if (!isWirefoldError(error)) return undefined
  const detail = asFields(error.detail)
  // Errors of this package's own making have other details, and are nobody's answer.
  if (detail.code !== error.code) return undefined
  const retryAfterMs = asNumber(detail.retryAfterMs)
  return {
    code: error.code,
    message: error.message,
    retryable: detail.retryable === true,
    ...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
    ...(detail.details === undefined ? undefined : { details: detail.details }),
  }
}
