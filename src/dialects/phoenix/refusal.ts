import { asFields, asString } from '../../protocol/fields.ts'
import type { PeerFields } from '../../protocol/frame-constructors.ts'

/** Time after which a join that failed for a temporary reason is sent again, in milliseconds. */
const RETRY_MS = 5_000
/** The longest code; a longer reason is a sentence. */
const LONGEST_CODE = 40

/**
 * Reads the response of a refusal: its `reason`, or the response itself where that is a text.
 *
 * The code is the reason in the spelling of this package, up to a colon: `rate_limited` is
 * `rate-limited`, `InvalidJWTToken: …` is `invalid-jwt-token`; `refused` where there is none.
 */
export function readReason(response: unknown): RefusalFields {
  const message = asString(response) ?? asString(asFields(response).reason) ?? ''
  const [head = ''] = message.split(':')
  const code = head
    .replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4')
    .replace(/[^a-z0-9]+/gi, '-')
    .toLowerCase()
  // The process of the channel died while it joined, which does not refuse the next join.
  const retryable = message === 'join crashed'
  return {
    code: code && code.length <= LONGEST_CODE ? code : 'refused',
    message,
    retryable,
    retryAfterMs: retryable ? RETRY_MS : undefined,
    details: response,
  }
}

/** The fields of a refusal. */
export type RefusalFields = PeerFields<
  'code' | 'message' | 'retryable' | 'retryAfterMs' | 'details'
>
