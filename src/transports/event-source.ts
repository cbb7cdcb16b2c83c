import { badOption } from '../base/errors.ts'
import { withDefaults } from '../base/known-names.ts'
import type { TransportFactory } from '../ports/transport.ts'
import type { ServerSentEvent } from '../protocol/http-message.ts'
import type { HttpOptions } from './http-exchange.ts'
import { httpDefaults, httpExchange } from './http-exchange.ts'
import type { EventMessages } from './order-connection.ts'
import { connectionFor } from './order-connection.ts'
import { dataOf } from './sse.ts'

/** The state of an event source that is connected; HTML standard, "The EventSource interface". */
const OPEN = 1

/** Default values of {@link EventSourceOptions}. */
export const eventSourceDefaults = { silenceMs: Number.POSITIVE_INFINITY } as const

/**
 * Creates a transport over the `EventSource` of the browser; messages of the client are posted by `fetch`.
 *
 * The client decides when to reconnect, as with every transport: an event source that lost its
 * connection is closed. An `EventSource` sends no headers, sends no `Last-Event-ID` on a new connection,
 * and hides statuses and comments: every end has the code 1006. Opening throws `bad-url` for an address
 * that is not of HTTP, or not encrypted, and `bad-option` where there is no `EventSource`. Throws
 * `bad-option` for an option of an unknown name.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { eventSourceTransport } from 'wirefold/transports'
 *
 * const client = new RealtimeClient('/events', {
 *   dialect: rooms,
 *   transport: eventSourceTransport({ events: ['said'] }),
 * })
 */
export function eventSourceTransport(options: EventSourceOptions = {}): TransportFactory {
  const filled = withDefaults('eventSourceTransport', options, {
    ...{ ...httpDefaults, ...eventSourceDefaults },
    ...{ events: [], read: dataOf, EventSource: undefined, messages: 'data' as const },
  })
  const { events, withCredentials } = filled
  const exchangeOf = httpExchange(filled)
  return {
    name: 'event-source',
    open(url, _protocols, handlers, credentials = {}) {
      const exchange = exchangeOf(url, credentials)
      const EventSourceClass = options.EventSource ?? platformEventSource()
      const source = new EventSourceClass(exchange.url, { withCredentials })
      const { connection, read } = connectionFor(filled, exchange, handlers, false)
      connection.signal.addEventListener('abort', () => source.close())
      source.addEventListener('open', () => connection.opened())
      source.addEventListener('error', (cause) => {
        // An event that the server named `error` arrives on a source that stays open.
        if (source.readyState !== OPEN) connection.failed(cause)
      })
      for (const name of new Set(['message', ...events])) {
        source.addEventListener(name, (event) => {
          connection.alive()
          // The `error` of a lost connection has no data.
          const text = connection.ended || event.data === undefined ? undefined : read(event)
          if (text !== undefined) connection.message(text)
        })
      }
      return connection
    },
  }
}

/** Options of {@link eventSourceTransport}. */
export interface EventSourceOptions extends HttpOptions {
  /**
   * Names of the events to receive, beside those without a name.
   * @default []
   */
  readonly events?: readonly string[] | undefined
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
   * Time without an event after which the connection is given up, in milliseconds; comments do not
   * count, since an `EventSource` hides them. Also the time limit of a post.
   * @default Number.POSITIVE_INFINITY
   */
  readonly silenceMs?: number | undefined
  /**
   * The class of event sources.
   * @default globalThis.EventSource
   */
  readonly EventSource?: EventSourceConstructor | undefined
}

/** The part of an `EventSource` that wirefold uses. */
export interface EventSourceLike {
  /** 0 while it connects, 1 once it is open, 2 once it is closed. */
  readonly readyState: number
  /** Adds a listener for the events of a name. */
  addEventListener(name: string, listener: (event: ServerSentEvent) => void): void
  /** Ends the connection. */
  close(): void
}

/** A class of {@link EventSourceLike}s. */
export type EventSourceConstructor = new (
  url: string,
  init: { withCredentials: boolean },
) => EventSourceLike

function platformEventSource(): EventSourceConstructor {
  if (typeof EventSource === 'function') return EventSource
  throw badOption(
    'EventSource',
    'This environment has no EventSource. Pass a class as the option EventSource, or use sseTransport().',
  )
}
