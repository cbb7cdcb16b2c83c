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
