import { systemClock } from '../base/clock.ts'
import { withDefaults } from '../base/known-names.ts'
import type {
  CloseInfo,
  Transport,
  TransportFactory,
  TransportHandlers,
} from '../ports/transport.ts'
import type { Encoded } from '../protocol/codec.ts'
import { asFields, type Fields } from '../protocol/fields.ts'
import { LONGEST_TEXT } from '../protocol/json-codec.ts'
import { EventStream } from './event-stream.ts'
import { closeOfResponse } from './http-close.ts'
import { chunksOf } from './http-connection.ts'
import type { HttpOptions } from './http-exchange.ts'
import { httpDefaults, httpRequests } from './http-exchange.ts'
import { secureAddress } from './secure-address.ts'

/** Default values of {@link GraphqlSseOptions}. */
export const graphqlSseDefaults = { silenceMs: 60_000 } as const

/**
 * Creates a transport for `graphqlSse()`: GraphQL over server-sent events in distinct connections mode,
 * with a POST for each operation, which the server answers by an event stream.
 *
 * There is no connection to a server that runs no operation, so the client is open at once. A stream
 * that is lost, or that a server ends without `complete`, ends the connection with 1006 or 4200; so does
 * a response that is no result, with 4000 and its status. Opening throws `bad-url` for an address that is
 * not of HTTP, or not encrypted. Throws `bad-option` for an option of an unknown name.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { graphqlSse, graphqlSseTransport } from 'wirefold/dialects/graphql-ws'
 *
 * const client = new RealtimeClient('https://api.example.com/graphql', {
 *   dialect: graphqlSse({ operations: { orders: 'subscription { orders { id } }' } }),
 *   transport: graphqlSseTransport(),
 * })
 */
export function graphqlSseTransport(options: GraphqlSseOptions = {}): TransportFactory {
  const { postUrl, idParameter, ...defaults } = httpDefaults
  const filled = withDefaults('graphqlSseTransport', options, {
    ...defaults,
    ...graphqlSseDefaults,
  })
  const addressOf = secureAddress('http', filled.allowInsecure)
  return {
    name: 'graphql-sse',
    open(url, _protocols, handlers, credentials = {}) {
      const address = addressOf(url)
      const { request } = httpRequests(filled, credentials)
      const post: Post = (init) => request(address, { ...init, method: 'POST' })
      return new OperationStreams(post, handlers, filled.silenceMs)
    },
  }
}

/** Options of {@link graphqlSseTransport}. */
export interface GraphqlSseOptions extends Omit<HttpOptions, 'postUrl' | 'idParameter'> {
  /**
   * Time without a byte, comments included, after which a stream is given up, in milliseconds.
   * @default 60_000
   */
  readonly silenceMs?: number | undefined
}

/** Makes a POST to the address of the connection. */
type Post = (init: RequestInit) => Promise<Response>

/** The operations of one connection, each with its request. */
class OperationStreams implements Transport {
  readonly bufferedAmount = 0
  readonly #post: Post
  readonly #handlers: TransportHandlers
  readonly #silenceMs: number
  /** The requests under way, by the ids of their operations. */
  readonly #running = new Map<unknown, AbortController>()
  #ended = false

  constructor(post: Post, handlers: TransportHandlers, silenceMs: number) {
    this.#post = post
    this.#handlers = handlers
    this.#silenceMs = silenceMs
    queueMicrotask(() => this.#ended || handlers.opened())
  }

  send(data: Encoded): void {
    const { type, id, payload } = asFields(JSON.parse(String(data)))
    if (type === 'complete') this.#stop(id)
    else if (!this.#ended) void this.#run(id, JSON.stringify(payload))
  }

  close(): void {
    this.#ended = true
    for (const id of [...this.#running.keys()]) this.#stop(id)
  }

  #stop(id: unknown): void {
    this.#running.get(id)?.abort()
    this.#running.delete(id)
  }

  #end(info: CloseInfo): void {
    if (this.#ended) return
    this.close()
    this.#handlers.closed(info)
  }

  /** Requests an operation and reads its results; never rejects. */
  async #run(id: unknown, body: string): Promise<void> {
    const controller = new AbortController()
    const { signal } = controller
    const ms = this.#silenceMs
    let completed = false
    const late = (): void => {
      if (completed) controller.abort()
      else this.#end({ code: 1006, reason: `nothing arrived in ${ms} ms` })
    }
    let cancel = systemClock.after(ms, late)
    this.#running.set(id, controller)
    /** Passes on a message about the operation, with its payload as JSON. */
    const receive = (type: string, payload: string): void => {
      if (completed || signal.aborted) return
      completed = type === 'complete'
      const about = JSON.stringify({ id, type }).slice(0, -1)
      this.#handlers.message(`${about}${payload && `,"payload":${payload}`}}`)
    }
    try {
      const headers = { accept: 'text/event-stream', 'content-type': 'application/json' }
      const response = await this.#post({ body, headers, signal })
      const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')
      const stream = new EventStream(
        { id() {}, retry() {}, event: ({ type, data }) => receive(type, data) },
        '',
        true,
      )
      const decoder = new TextDecoder()
      let text = ''
      for await (const chunk of chunksOf(response)) {
        cancel()
        cancel = systemClock.after(ms, late)
        if (isStream) stream.push(chunk)
        // What the codec refuses need not be kept.
        else if (text.length <= LONGEST_TEXT) text += decoder.decode(chunk, { stream: true })
      }
      if (!isStream && isResult(text, response)) {
        receive('next', text)
        receive('complete', '')
      }
      if (completed || signal.aborted) return
      this.#end(
        isStream && response.ok
          ? { code: 4200, reason: 'the server ended a stream without complete' }
          : closeOfResponse(response, systemClock.wall()),
      )
    } catch (cause) {
      if (!completed && !signal.aborted) this.#end({ code: 1006, reason: '', cause })
    } finally {
      cancel()
      this.#running.delete(id)
    }
  }
}

/** Whether the body of a response is a GraphQL result, and not one of a refused connection. */
function isResult(text: string, { ok, status }: Response): boolean {
  let result: Fields
  try {
    result = asFields(JSON.parse(text))
  } catch {
    return false
  }
  return status !== 401 && (Array.isArray(result.errors) || (ok && 'data' in result))
}
