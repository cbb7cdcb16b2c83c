import type { Refusal } from '../base/errors.ts'

/** What backends say for codes that this package knows by another name. */
const KNOWN_AS: ReadonlyMap<string, string> = new Map([
  ['UNAUTHENTICATED', 'not-authenticated'],
  ['UNAUTHORIZED', 'not-authenticated'],
  ['UNKNOWN_MESSAGE_TYPE', 'unknown-type'],
  ['INVALID_FORMAT', 'bad-channel'],
  ['UNKNOWN', 'internal'],
])

/**
 * A backend's "no", with its code in the spelling of this package: `SUBSCRIPTION_LIMIT` is
 * `subscription-limit`.
 *
 * @param details what the backend said, as it said it
 */
export function peerRefusal(
  code: string | undefined,
  message: string | undefined,
  details: unknown,
): Refusal {
  const own = KNOWN_AS.get(code ?? '') ?? code?.toLowerCase().replaceAll('_', '-') ?? 'internal'
  return { code: own, message: message ?? '', retryable: own === 'rate-limited', details }
}
