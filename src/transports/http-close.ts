import type { CloseInfo } from '../ports/transport.ts'

/** Close codes of statuses; those of others are 4000 and the status. */
const CODES: Readonly<Record<number, number>> = {
  // No Content: the server wants no connection (HTML standard, "Server-sent events").
  204: 1008,
  413: 1009,
  415: 1003,
}

/**
 * Returns the end of a connection by the status of a response: 4401 of 401, 4403 of 403, 4503 of 503,
 * with the wait of a `Retry-After` header as the reason, as in the close of a WebSocket.
 *
 * @param now milliseconds since the Unix epoch
 */
export function closeOfResponse(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  now: number,
): CloseInfo {
  const reason = `HTTP ${status}`
  return withRetry({ code: CODES[status] ?? 4000 + status, reason }, retryAfterOf(headers, now))
}

/** Returns an end with the server's wait in its reason; an end that has one, or without a wait, as it is. */
export function withRetry(info: CloseInfo, retryAfterMs: number | undefined): CloseInfo {
  if (retryAfterMs === undefined || info.reason.startsWith('{')) return info
  return { ...info, reason: JSON.stringify({ retryAfterMs, message: info.reason }) }
}

/** Returns the wait of the header `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const text = headers.get('retry-after') ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const date = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0)
}
