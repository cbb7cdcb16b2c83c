import { systemClock } from '../base/clock.ts'
import { withDefaults } from '../base/known-names.ts'
import type { TransportFactory } from '../ports/transport.ts'
import { LONGEST_TEXT } from '../protocol/json-codec.ts'
import { chunksOf, HttpConnection } from './http-connection.ts'
import type { HttpOptions } from './http-exchange.ts'
import { httpDefaults, httpExchange } from './http-exchange.ts'

/** Default values of {@link LongPollingOptions}. */
export const longPollingDefaults = { silenceMs: 60_000, idParameter: 'connection' } as const

/**
 * Least time from a poll that brings no message to the next one, in milliseconds, for servers that do not
 * wait.
 */
const EMPTY_POLL_MS = 1_000

/**
 * Creates a transport that polls: the server answers a GET once it has messages, and the client posts its
 * own.
 *
 * All requests of a connection carry its random id in the query. The server answers the first poll at
 * once, with which the connection is open, and every other with a JSON array of messages, or with
 * nothing (204) before the time limit. It ends the connection with a status such as 410, and when no poll
 * has come for a while: the client does not announce its end. The close code is 4000 and the HTTP status,
 * or 1006 where there was no response. Opening throws `bad-url` for an address that is not of HTTP, or
 * not encrypted. Throws `bad-option` for an option of an unknown name.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { longPollingTransport } from 'wirefold/transports'
 *
 * const client = new RealtimeClient('https://api.example.com/poll', {
 *   dialect: rooms,
 *   transport: longPollingTransport(),
 * })
 */
export function longPollingTransport(options: LongPollingOptions = {}): TransportFactory {
  const filled = withDefaults('longPollingTransport', options, {
    ...{ ...httpDefaults, ...longPollingDefaults },
    read: messagesOf,
  })
  const { silenceMs, read } = filled
  const exchangeOf = httpExchange(filled)
  return {
    name: 'long-polling',
    open(url, _protocols, handlers, credentials = {}) {
      const connection = new HttpConnection(exchangeOf(url, credentials), handlers, silenceMs)
      void poll(connection, read)
      return connection
    },
  }
}

/** Options of {@link longPollingTransport}. */
export interface LongPollingOptions extends HttpOptions {
  /**
   * Returns the texts of the messages in the body of a response, which is not empty.
   * @default the items of a JSON array, each a text as it is or another value as JSON; or one message
   */
  readonly read?: ((body: string) => readonly string[]) | undefined
  /**
   * Time limit of a poll and of a post, in milliseconds. The server has to answer a poll sooner.
   * @default 60_000
   */
  readonly silenceMs?: number | undefined
  /**
   * The query parameter that carries the id of the connection.
   * @default 'connection'
   */
  readonly idParameter?: string | undefined
}

/** Polls until the connection ends; never rejects. */
async function poll(
  connection: HttpConnection,
  read: (body: string) => readonly string[],
): Promise<void> {
  // The first poll is answered at once.
  let leastMs = 0
  try {
    while (!connection.ended) {
      const askedAt = systemClock.now()
      const response = await connection.fetch({ headers: { accept: 'application/json' } })
      if (!response.ok) return connection.refused(response)
      connection.opened()
      const body = await textOf(response, connection)
      connection.alive()
      const messages = body === '' ? [] : read(body)
      for (const message of messages) connection.message(message)
      if (messages.length === 0) await passed(askedAt + leastMs - systemClock.now())
      leastMs = EMPTY_POLL_MS
    }
  } catch (cause) {
    connection.failed(cause)
  }
}

/** Returns the body of a response; throws if it is longer than the client reads. */
async function textOf(response: Response, connection: HttpConnection): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunksOf(response)) {
    connection.alive()
    text += decoder.decode(chunk, { stream: true })
    if (text.length > LONGEST_TEXT) {
      throw new Error(`The response to a poll is longer than ${LONGEST_TEXT} characters.`)
    }
  }
  return text + decoder.decode()
}

/** Returns the messages of a body; one that is not JSON is left to the codec. */
function messagesOf(body: string): readonly string[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return [body]
  }
  if (!Array.isArray(parsed)) return [body]
  return parsed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
}

/** Resolves after a time; the timer of the connection keeps a Node process alive meanwhile. */
function passed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.after(ms, resolve, 'background')
  })
}
