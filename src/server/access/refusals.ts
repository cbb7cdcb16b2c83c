import type { Refusal } from '../../base/errors.ts'
import { isWirefoldError, WirefoldError } from '../../base/errors.ts'
import { asFields, asNumber } from '../../protocol/fields.ts'

/** Time after which a client may send a message again that arrived damaged, in milliseconds. */
const RESEND_MS = 1_000

/** Messages of the server's own refusals. They are constants, so no internal details can leak. */
const MESSAGES = {
  'bad-channel': 'This is not the name of a channel.',
  'bad-frame': 'The message could not be read.',
  'bad-payload': 'The payload does not fit the contract of the server.',
  'bad-protocol': 'This server speaks version 1 of the protocol.',
  conflict: 'Another request was sent under this id. Use a new id.',
  forbidden: 'This is not allowed.',
  'handler-failed': 'The request could not be carried out.',
  'identity-changed': 'The credentials belong to another user than before.',
  internal: 'The server failed. Try again later.',
  'not-authenticated': 'The credentials are missing, invalid or expired.',
  'not-present': 'This connection is not a member of the resource. Join it first.',
  'outcome-unknown':
    'The request may have been carried out, but its result is lost. Check before you repeat it.',
  'rate-limited': 'The rate limit is exceeded.',
  'subscription-limit': 'Too many subscriptions on this connection.',
  'too-large': 'The message is too large.',
  'unknown-type': 'The server has no handler for this type.',
} as const

/** Codes of refusals after which the same request may succeed later. */
const RETRYABLE: ReadonlySet<string> = new Set(['internal', 'rate-limited'])

/** Close codes for a refused connection, by refusal code; 1008 for all others. */
export const CLOSE_CODES: ReadonlyMap<string, number> = new Map([
  ['forbidden', 4403],
  ['not-authenticated', 4401],
  ['rate-limited', 4429],
  ['too-large', 1009],
])

/** A code of the server's own refusals. */
export type RefusalCode = keyof typeof MESSAGES

/** Returns a refusal with the server's own message for a code. */
export function refusal(code: RefusalCode, channel?: string): Refusal {
  const message = MESSAGES[code]
  const retryable = RETRYABLE.has(code)
  return channel === undefined
    ? { code, message, retryable }
    : { code, message, retryable, channel }
}

/** Returns the refusal of a channel beyond the most subscriptions of a connection. */
export function subscriptionLimit(most: number, channel?: string): Refusal {
  return { ...refusal('subscription-limit', channel), details: { limit: 'subscriptions', most } }
}

/** Returns the refusal of a message over a rate limit. */
export function rateLimited(retryAfterMs: number): Refusal {
  const { message, ...rest } = refusal('rate-limited')
  // The number is in the message too, as not every protocol has a field for it.
  return { ...rest, message: `${message} Retry after ${Math.ceil(retryAfterMs)} ms.`, retryAfterMs }
}

/** Returns the refusal of a connection beyond the most connections of its user. */
export function tooMany(retryAfterMs: number): Refusal {
  const message = `This user has too many connections. Retry after ${Math.ceil(retryAfterMs)} ms.`
  return { ...refusal('rate-limited'), message, retryAfterMs }
}

/** Returns the refusal of a malformed message, with the rule of the protocol it breaks. */
export function badFrame(reason: string): Refusal {
  const message = `The message could not be read: ${reason}.`
  // The message may have been damaged on the way; a client subscribes again after a refusal with
  // `retryAfterMs`.
  return { ...refusal('bad-frame'), message, retryAfterMs: RESEND_MS }
}

/** Options of {@link refuse}. */
export interface RefuseOptions {
  /**
   * Whether the same request may succeed later.
   * @default false
   */
  readonly retryable?: boolean | undefined
  /** Minimum time before a retry, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** Further information for the client; must be JSON. */
  readonly details?: unknown
}

/**
 * Returns an error that a request handler throws to refuse the request with a code and a message.
 *
 * Any other error a handler throws reaches the client as `handler-failed`, without its message.
 *
 * @example
 * import { refuse } from 'wirefold/server'
 *
 * const stock = new Set(['tea'])
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

/** Returns the refusal in a thrown error; `undefined` unless {@link refuse} made the error. */
export function refusalFromError(error: unknown): Refusal | undefined {
  if (!isWirefoldError(error)) return undefined
  const detail = asFields(error.detail)
  // Other errors of this package have other details, and are not meant for clients.
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
