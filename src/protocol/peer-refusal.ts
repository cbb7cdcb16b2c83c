import type { Refusal } from '../base/errors.ts'
import { readRefusal } from './refusal-of.ts'

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
