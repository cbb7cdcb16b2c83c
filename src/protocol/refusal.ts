import type { Refusal } from '../base/errors.ts'
import { asFields, asNumber, asString } from './fields.ts'

/** Reads a refusal from a peer's fields. */
export function readRefusal(value: unknown): Refusal {
  const { code, message, retryable, retryAfterMs, details } = asFields(value)
  const afterMs = asNumber(retryAfterMs, 0)
  return {
    code: asString(code) ?? 'internal',
    message: asString(message) ?? '',
    retryable: retryable === true,
    ...(afterMs !== undefined && { retryAfterMs: afterMs }),
    ...(details !== undefined && { details }),
  }
}

/**
 * Reads a refusal of a backend, with its code in the spelling of this package: `SUBSCRIPTION_LIMIT`
 * is `subscription-limit`.
 *
 * @param details the refusal as the backend sent it
 */
export function readPeerRefusal(value: unknown, details: unknown = value): Refusal {
  const refusal = readRefusal(value)
  const code = refusal.code
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^unauth\w+$/, 'not-authenticated')
    .replace(/^unknown-message-/, 'unknown-')
  return { ...refusal, code, retryable: code === 'rate-limited', details }
}
