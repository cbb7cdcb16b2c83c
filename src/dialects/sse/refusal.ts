import type { Refusal } from '../../base/errors.ts'
import { asFields, asString } from '../../protocol/fields.ts'

/** Codes of statuses; others are `internal` for 500, `unavailable` above it, and `http-<status>` below. */
const CODES: Readonly<Record<number, string>> = {
  0: 'unreachable',
  400: 'bad-request',
  401: 'not-authenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  429: 'rate-limited',
  500: 'internal',
}

/** Returns a response without success as a refusal, with the message that its body has. */
export function refusalOf(
  status: number,
  body: unknown,
  retryAfterMs: number | undefined,
): Refusal {
  return {
    code: CODES[status] ?? (status > 500 ? 'unavailable' : `http-${status}`),
    message: errorIn(body).message ?? `HTTP ${status}`,
    retryable: isTemporary(status),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    details: body,
  }
}

/** Returns what an error says, as backends send it: a text, an object, or an object with an `error`. */
export function errorIn(body: unknown): {
  readonly code: unknown
  readonly message: string | undefined
} {
  const { error = body } = asFields(body)
  const { code, type, message = error } = { ...asFields(body), ...asFields(error) }
  return { code: code ?? type, message: asString(message) }
}

/** Whether a later request may succeed without a change of the client. */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}
