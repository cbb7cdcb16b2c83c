import { withDefaults } from '../base/known-names.ts'
import type { TransportFactory } from '../ports/transport.ts'
import type { ServerSentEvent } from '../protocol/http-message.ts'
import { EventStream } from './event-stream.ts'
import type { HttpConnection } from './http-connection.ts'
import { chunksOf } from './http-connection.ts'
import type { HttpOptions } from './http-exchange.ts'
import { httpDefaults, httpExchange } from './http-exchange.ts'
import type { EventMessages } from './order-connection.ts'
import { connectionFor } from './order-connection.ts'
import { canResume, streamHeaders, wrongType } from './stream-request.ts'

/** Default values of {@link SseOptions}. */
export const sseDefaults = { silenceMs: 60_000 } as const

/**
 * Creates a transport that receives messages as server-sent events, over `fetch`, and posts those of the
 * client. One for each client: it keeps the id of the last event, which the next connection sends as
 * `Last-Event-ID`.
 *
 * The connection is open with the headers of the stream. Its end has the code 4000 and the HTTP status, so
 * that it is 4200 where the server ended the stream, and 1006 where the stream was lost. Opening throws `bad-url`
 * for an address that is not of HTTP, or not encrypted. Throws `bad-option` for an option of an unknown
 * name.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { sseTransport } from 'wirefold/transports'
 *
 * const client = new RealtimeClient('https://api.example.com/events', {
 *   dialect: rooms,
 *   transport: sseTransport({ postUrl: '/messages' }),
 * })
 */
export function sseTransport(options: SseOptions = {}): TransportFactory {
  const filled = withDefaults('sseTransport', options, {
    ...{ ...httpDefaults, ...sseDefaults },
    ...{ read: dataOf, body: undefined, messages: 'data' as const },
  })
  const { body } = filled
  const exchangeOf = httpExchange(filled)
  let lastEventId = ''
  let retryMs: number | undefined
  return {
    name: 'sse',
    open(url, _protocols, handlers, credentials = {}) {
      const exchange = exchangeOf(url, credentials)
      const { connection, read } = connectionFor(filled, exchange, handlers, canResume(lastEventId))
      connection.retryAfterMs = retryMs
      const stream = new EventStream(
        {
          id(id) {
            if (!connection.ended) lastEventId = id
          },
          event(event) {
            const text = connection.ended ? undefined : read(event)
            if (text !== undefined) connection.message(text)
          },
          retry(ms) {
            connection.retryAfterMs = retryMs = ms
          },
        },
        lastEventId,
      )
      void follow(connection, stream, requestFor(body?.(), lastEventId))
      return connection
    },
  }
}

/** Options of {@link sseTransport}. */
export interface SseOptions extends HttpOptions {
  /**
   * Returns the body of the request for the stream, which makes it a POST; called for every connection.
   * @default none: the request is a GET
   */
  readonly body?: (() => string) | undefined
  /**
   * Returns the text of the message that an event carries; `undefined` for none.
   * @default its data
   */
  readonly read?: ((event: ServerSentEvent) => string | undefined) | undefined
  /**
   * The kind of messages of the dialect: the `data` of events and the bodies of posts, or, for a dialect
   * such as `sse`, whole events and HTTP requests with their responses.
   * @default 'data'
   */
  readonly messages?: EventMessages | undefined
  /**
   * Time without a byte, comments included, after which the stream is given up, and time limit of a post,
   * in milliseconds. The server has to send more often.
   * @default 60_000
   */
  readonly silenceMs?: number | undefined
}

/** Returns the data of an event. */
export function dataOf({ data }: ServerSentEvent): string {
  return data
}

function requestFor(body: string | undefined, lastEventId: string): RequestInit {
  const headers = streamHeaders(lastEventId)
  if (body === undefined) return { headers }
  headers['content-type'] = 'application/json'
  return { method: 'POST', body, headers }
}

/** Reads a stream to its end; never rejects. */
async function follow(
  connection: HttpConnection,
  stream: EventStream,
  request: RequestInit,
): Promise<void> {
  try {
    const response = await connection.fetch(request)
    if (response.status !== 200) return connection.refused(response)
    const wrong = wrongType(response)
    if (wrong) return connection.end({ code: 1002, reason: wrong })
    connection.opened()
    for await (const chunk of chunksOf(response)) {
      connection.alive()
      stream.push(chunk)
    }
    connection.end({ code: 4200, reason: 'the server ended the stream' })
  } catch (cause) {
    connection.failed(cause)
  }
}
