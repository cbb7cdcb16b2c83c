import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpRefusal } from '../access/upgrade-request.ts'

/** Answers an upgrade request with a no, as JSON: `{code, message, retryAfterMs?}`. */
export function answerRefusal(tcp: Duplex, refusal: HttpRefusal): void {
  const { status, code, reason, retryAfterMs } = refusal
  const body = JSON.stringify({ code, message: reason, retryAfterMs })
  // A peer that is gone already must not take the process down.
  tcp.on('error', () => tcp.destroy())
  tcp.once('finish', () => tcp.destroy())
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  if (retryAfterMs !== undefined) lines.push(`Retry-After: ${Math.ceil(retryAfterMs / 1_000)}`)
  tcp.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** The server's own. */
export const refusals = {
  nowhere: { status: 404, code: 'not-found', reason: 'Nothing is served at this path.' },
  foreign: { status: 403, code: 'origin-not-allowed', reason: 'This origin is not allowed.' },
  unknown: {
    status: 401,
    code: 'not-authenticated',
    reason: 'The server does not know who you are.',
  },
  broken: { status: 500, code: 'internal', reason: 'Something went wrong on the server.' },
} satisfies Record<string, HttpRefusal>
