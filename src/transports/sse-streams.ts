import { withDefaults } from '../base/known-names.ts'
import type { TransportFactory, TransportHandlers } from '../ports/transport.ts'
import type { HttpOrder, HttpStreamEnd } from '../protocol/http-message.ts'
import type { HttpExchange, HttpOptions } from './http-exchange.ts'
import { httpDefaults, httpExchange } from './http-exchange.ts'
import { OrderConnection, readAnswer } from './order-connection.ts'
import type { StreamMemory } from './ordered-stream.ts'
import { OrderedStream } from './ordered-stream.ts'
import { sseDefaults } from './sse.ts'
import { canResume } from './stream-request.ts'

/**
 * Creates a transport that opens one event stream for each that the dialect asks for, such as one per
 * channel, over `fetch`, and makes the dialect's requests; for the dialect `sse`. One for each client: it
 * keeps the id of the last event of each stream, which the next request for the stream sends as
 * `Last-Event-ID`.
 *
 * The connection is open at once, without a request. A stream that ends, is refused or is lost concerns its
 * channels alone. The connection ends with 4401 where a stream is answered by 401, and with 1006 where
 * there is no response at all and no other stream is open. Opening throws `bad-url` for an address that is
 * not of HTTP, or not encrypted. Throws `bad-option` for an option of an unknown name.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { sse } from 'wirefold/dialects/sse'
 * import { sseStreamsTransport } from 'wirefold/transports'
 *
 * const client = new RealtimeClient('https://api.example.com', {
 *   dialect: sse({ stream: (channel) => ({ url: `/sub/${encodeURIComponent(channel)}` }) }),
 *   transport: sseStreamsTransport(),
 * })
 */
export function sseStreamsTransport(options: SseStreamsOptions = {}): TransportFactory {
  const filled = withDefaults('sseStreamsTransport', options, { ...httpDefaults, ...sseDefaults })
  const exchangeOf = httpExchange(filled)
  let memories: ReadonlyMap<string, StreamMemory> = new Map()
  return {
    name: 'sse-streams',
    open(url, _protocols, handlers, credentials = {}) {
      const exchange = exchangeOf(url, credentials)
      const connection = new StreamsConnection(exchange, handlers, filled.silenceMs, memories)
      // Ids of streams that this connection does not ask for are forgotten with the next one.
      memories = connection.memories
      queueMicrotask(() => connection.opened())
      return connection
    },
  }
}

/** Options of {@link sseStreamsTransport}. */
export interface SseStreamsOptions extends HttpOptions {
  /**
   * Time without a byte, comments included, after which a stream is given up, in milliseconds. The server
   * has to send more often.
   * @default 60_000
   */
  readonly silenceMs?: number | undefined
}

/** A connection of any number of streams. */
class StreamsConnection extends OrderConnection {
  /** Memories of the streams that were asked for, by name. */
  readonly memories = new Map<string, StreamMemory>()
  readonly #before: ReadonlyMap<string, StreamMemory>
  readonly #silenceMs: number
  readonly #streams = new Map<string, OrderedStream>()

  constructor(
    exchange: HttpExchange,
    handlers: TransportHandlers,
    silenceMs: number,
    before: ReadonlyMap<string, StreamMemory>,
  ) {
    // Each stream has its own time limit.
    super(exchange, handlers, Number.POSITIVE_INFINITY, true)
    this.#silenceMs = silenceMs
    this.#before = before
  }

  override close(): void {
    super.close()
    for (const stream of this.#streams.values()) stream.close()
    this.#streams.clear()
  }

  protected override order(order: HttpOrder): void {
    const { id = '', stream: name, request, token } = order
    if (name === undefined) {
      // It concerns a stream that is open, or none.
      if (request || token !== undefined || this.#streams.size) super.order(order)
      else this.misplaced(id, 'no stream of its own. Give sse() the option stream or sharedStream')
    } else if (request) this.#open(name, order)
    else {
      this.#forget(name)
      this.memories.delete(name)
    }
  }

  /** The server is reachable while a stream is open: then only this request has failed. */
  protected override unreachable(id: string, cause: unknown): void {
    const isReachable = [...this.#streams.values()].some(({ isOpen }) => isOpen)
    if (!isReachable) this.failed(cause)
    else this.answer({ id, status: 0, body: 'there was no response' })
  }

  #open(name: string, order: HttpOrder): void {
    const { id = '', request, resume = false, once = false } = order
    const checked = request && this.checked(id, request)
    if (!checked) return
    const key = JSON.stringify(checked)
    const former = this.#streams.get(name)
    if (former && !former.isOpen && former.key === key) {
      // It answers this order, too.
      former.ids.push(id)
      return
    }
    const known = this.memories.get(name) ?? this.#before.get(name)
    const memory = known ?? { lastEventId: '', notBefore: 0, retryMs: 0 }
    if (!resume) memory.lastEventId = ''
    this.#forget(name)
    this.memories.set(name, memory)
    if (once && !canResume(memory.lastEventId)) {
      queueMicrotask(() => this.answer({ id, status: 0, body: 'the stream was lost' }))
      return
    }
    const ids = [...(former && !former.isOpen ? former.ids : []), id]
    const stream = new OrderedStream(
      { key, ids, memory, silenceMs: this.#silenceMs },
      {
        request: (headers, signal) => {
          const all = { ...headers, ...checked.headers }
          return this.exchange.request(checked.url, { ...checked, headers: all, signal })
        },
        opened: (resumed) => {
          for (const one of stream.ids) this.answer({ id: one, status: 200, resumed })
        },
        event: (event) => this.message(JSON.stringify({ stream: name, ...event })),
        refused: async (response, reason) => {
          if (response.status === 401) return this.refused(response)
          const answer = reason ? { status: 0, body: reason } : await readAnswer(response)
          if (this.#streams.get(name) !== stream) return
          for (const one of stream.ids) this.answer({ id: one, ...answer })
          this.#forget(name)
        },
        ended: (end, cause) => {
          this.#forget(name)
          const isReachable = stream.isOpen || [...this.#streams.values()].some((one) => one.isOpen)
          const { lastEventId } = memory
          if (!isReachable) this.failed(cause)
          else
            this.message(JSON.stringify({ stream: name, end, lastEventId } satisfies HttpStreamEnd))
        },
      },
    )
    this.#streams.set(name, stream)
    void stream.run()
  }

  #forget(name: string): void {
    this.#streams.get(name)?.close()
    this.#streams.delete(name)
  }
}
