import { isWirefoldError } from '../base/errors.ts'
import type { CloseInfo } from '../ports/transport.ts'
import type { RetryHint } from '../protocol/dialect.ts'
import { asFields, asNumber } from '../protocol/fields.ts'

/** The window of a server that goes away and does not name one. */
const DEFAULT_WINDOW_MS = 5_000
/** The longest wait that a server can set. */
const LONGEST_MS = 10 * 60_000
/** Going away, and service restart: RFC 6455 §7.4.1 and the IANA registry. */
const ANNOUNCED = [1001, 1012]

/**
 * Reads the hint of a close: `retryAfterMs` and `windowMs`, as JSON in its reason, or else in the
 * refusal that came before it.
 */
export function retryHint({ code, reason, cause }: CloseInfo): RetryHint {
  const said = {
    ...(isWirefoldError(cause) && asFields(cause.detail)),
    ...asFields(parsed(reason)),
  }
  const windowMs = ANNOUNCED.includes(code) ? DEFAULT_WINDOW_MS : undefined
  return {
    floorMs: bounded(said.retryAfterMs) ?? 0,
    windowMs: bounded(said.windowMs) ?? windowMs,
  }
}

function bounded(value: unknown): number | undefined {
  const ms = asNumber(value, 0)
  return ms && Math.min(ms, LONGEST_MS)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
