import { systemClock } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { TransportHandlers } from '../ports/transport.ts'
import type { Encoded } from '../protocol/codec.ts'
import type {
  HttpAnswer,
  HttpOrder,
  HttpRequest,
  ServerSentEvent,
} from '../protocol/http-message.ts'
import { LONGEST_TEXT } from '../protocol/json-codec.ts'
import { retryAfterOf } from './http-close.ts'
import { chunksOf, HttpConnection } from './http-connection.ts'
import type { HttpExchange } from './http-exchange.ts'

/**
 * The kind of messages of a dialect over a transport of events: the `data` of events and the bodies of
 * posts, or whole events and HTTP requests with their responses (`http`).
 */
export type EventMessages = 'data' | 'http'

/** Returns a connection for the kind of messages, and how it reads an event. */
export function connectionFor(
  { messages, silenceMs, read }: EventOptions,
  exchange: HttpExchange,
  handlers: TransportHandlers,
  resumed: boolean,
): { connection: HttpConnection; read: EventOptions['read'] } {
  return messages === 'http'
    ? {
        connection: new OrderConnection(exchange, handlers, silenceMs, resumed),
        read: ({ type, data, lastEventId }) => JSON.stringify({ type, data, lastEventId }),
      }
    : { connection: new HttpConnection(exchange, handlers, silenceMs), read }
}

/** A connection that carries out the orders of its dialect: side by side, in no order. */
export class OrderConnection extends HttpConnection {
  protected readonly exchange: HttpExchange
  readonly #resumed: boolean

  /** @param resumed whether the stream that is the connection was requested with an id */
  constructor(
    exchange: HttpExchange,
    handlers: TransportHandlers,
    silenceMs: number,
    resumed: boolean,
  ) {
    super(exchange, handlers, silenceMs)
    this.exchange = exchange
    this.#resumed = resumed
  }

  override send(data: Encoded): void {
    if (!this.ended && typeof data === 'string') this.order(JSON.parse(data))
  }

  /** Carries out an order. */
  protected order({ id = '', request, token, stream }: HttpOrder): void {
    if (token !== undefined) this.exchange.renew(token)
    else if (stream !== undefined) this.misplaced(id, 'one stream only. Use sseStreamsTransport()')
    else if (request) void this.#call(id, request)
    // Later, as every answer: the client awaits it only after it has sent the order.
    else queueMicrotask(() => this.answer({ id, status: 200, resumed: this.#resumed }))
  }

  protected answer(answer: HttpAnswer): void {
    const text = JSON.stringify(answer)
    if (text.length <= LONGEST_TEXT) this.message(text)
    else
      this.answer({
        id: answer.id,
        status: 0,
        body: `it is longer than ${LONGEST_TEXT} characters`,
      })
  }

  /** Answers an order that only another transport can carry out. */
  protected misplaced(id: string, has: string): void {
    queueMicrotask(() => this.answer({ id, status: 0, body: `the transport has ${has}` }))
  }

  /** Ends the connection because of a request without a response: the server is not reachable. */
  protected unreachable(_id: string, cause: unknown): void {
    this.failed(cause)
  }

  async #call(id: string, request: HttpRequest): Promise<void> {
    const checked = this.checked(id, request)
    if (!checked) return
    const headers = { accept: 'application/json', ...checked.headers }
    let answer: HttpAnswer
    try {
      const init = { ...checked, headers, signal: this.signal }
      answer = { id, ...(await readAnswer(await this.exchange.request(checked.url, init))) }
    } catch (cause) {
      this.unreachable(id, cause)
      return
    }
    this.answer(answer)
  }

  /**
   * Returns the request as `fetch` takes it; answers the order, and returns `undefined`, if it is wrong:
   * otherwise it would look like a request without a response.
   */
  protected checked(id: string, { url, body, method, headers }: HttpRequest): Checked | undefined {
    try {
      const isPost = body !== undefined
      const checked = {
        url: this.exchange.resolve(url),
        method: method ?? (isPost ? 'POST' : 'GET'),
        headers: { ...(isPost && { 'content-type': 'application/json' }), ...headers },
        body: isPost ? JSON.stringify(body) : null,
      }
      void new Request(checked.url, checked)
      return checked
    } catch (cause) {
      queueMicrotask(() => this.answer({ id, status: 0, body: messageOf(cause) }))
      return undefined
    }
  }
}

/** A request that `fetch` accepts. */
interface Checked {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** Reads a response that is no stream; rejects if it is lost before its end. */
export async function readAnswer(response: Response): Promise<Omit<HttpAnswer, 'id'>> {
  const { status, headers } = response
  const retryAfterMs = retryAfterOf(headers, systemClock.wall())
  return { status, body: await textOf(response), retryAfterMs }
}

/** Reads the body of a response, up to a little more than the client reads, so that it refuses the rest. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunksOf(response)) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > LONGEST_TEXT) break
  }
  return text
}

/** The options of a transport of events. */
interface EventOptions {
  readonly messages: EventMessages
  readonly silenceMs: number
  readonly read: (event: ServerSentEvent) => string | undefined
}
