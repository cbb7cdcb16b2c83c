import type { Refusal } from '../base/errors.ts'
import { asFields, asNumber, asString } from './fields.ts'

/** A "no", of what a peer tells of it. */
export function readRefusal(told: unknown): Refusal {
  const { code, message, retryable, retryAfterMs, details } = asFields(told)
  const afterMs = asNumber(retryAfterMs, 0)
  return {
    code: asString(code) ?? 'internal',
    message: asString(message) ?? '',
    retryable: retryable === true,
    ...(afterMs === undefined ? undefined : { retryAfterMs: afterMs }),
    ...(details === undefined ? undefined : { details }),
  }
}

/**
 * A backend's "no", with its code in the spelling of this package: `SUBSCRIPTION_LIMIT` is
 * `subscription-limit`.
 *
 * @param details what the backend said, as it said it
 */
export function readPeerRefusal(told: unknown, details: unknown = told): Refusal {
  const refusal = readRefusal(told)
  const code = refusal.code
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^unauth\w+$/, 'not-authenticated')
    .replace(/^unknown-message-/, 'unknown-')
  return { ...refusal, code, retryable: code === 'rate-limited', details }
}
