import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpRefusal } from '../access/upgrade-request.ts'

/** Refuses an upgrade request, with a JSON body: `{code, message, retryAfterMs?}`. */
export function answerRefusal(tcp: Duplex, refusal: HttpRefusal): void {
  const { status, code, reason, retryAfterMs } = refusal
  const body = JSON.stringify({ code, message: reason, retryAfterMs })
  // Without a listener, an error of the socket (such as a reset) would end the process.
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

/** Refusals by the server itself. */
export const refusals = {
  notFound: { status: 404, code: 'not-found', reason: 'Nothing is served at this path.' },
  originNotAllowed: {
    status: 403,
    code: 'origin-not-allowed',
    reason: 'This origin is not allowed.',
  },
  notAuthenticated: {
    status: 401,
    code: 'not-authenticated',
    reason: 'The credentials are missing, invalid or expired.',
  },
  internal: { status: 500, code: 'internal', reason: 'The server failed. Try again later.' },
} satisfies Record<string, HttpRefusal>
