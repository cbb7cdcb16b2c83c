import type { Cancel } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { utf8Length } from '../base/utf8-length.ts'
import type { CloseInfo, Transport, TransportHandlers } from '../ports/transport.ts'
import type { Encoded } from '../protocol/codec.ts'
import { closeOfResponse, withRetry } from './http-close.ts'
import type { HttpExchange } from './http-exchange.ts'

/**
 * One connection made of HTTP requests: receives what its transport reads, posts what the client sends,
 * and ends once for all of them.
 *
 * Messages are posted in their order, one at a time; a post that fails ends the connection. From the end
 * on no request is under way and no timer is set.
 */
export class HttpConnection implements Transport {
  /** The server's wait before the next attempt, if it named one, in milliseconds. */
  retryAfterMs: number | undefined
  ended = false
  bufferedAmount = 0
  readonly #exchange: HttpExchange
  readonly #handlers: TransportHandlers
  readonly #silenceMs: number
  readonly #controller = new AbortController()
  /** The messages that are not posted yet; the first is under way. */
  #queue: Encoded[] = []
  #opened = false
  #aliveAt = systemClock.now()
  #cancelWatch: Cancel | undefined

  /**
   * @param silenceMs time after which a connection on which nothing arrives is lost, and one whose post
   * is not answered, in milliseconds
   */
  constructor(exchange: HttpExchange, handlers: TransportHandlers, silenceMs: number) {
    this.#exchange = exchange
    this.#handlers = handlers
    this.#silenceMs = silenceMs
    this.#watch()
  }

  /** Aborted at the end of the connection. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Requests what the server sends; rejects if there is no response. */
  fetch(init: RequestInit): Promise<Response> {
    return this.#exchange.request(this.#exchange.url, { ...init, signal: this.signal })
  }

  opened(): void {
    if (this.#opened || this.ended) return
    this.#opened = true
    this.#handlers.opened()
  }

  message(data: unknown): void {
    if (!this.ended) this.#handlers.message(data)
  }

  /** Takes note of a sign of life. */
  alive(): void {
    this.#aliveAt = systemClock.now()
  }

  /** Ends the connection, and reports it. */
  end(info: CloseInfo): void {
    if (this.ended) return
    this.close()
    this.#handlers.closed(withRetry(info, this.retryAfterMs))
  }

  /** Ends the connection by the status of a response. */
  refused(response: Response): void {
    this.end(closeOfResponse(response, systemClock.wall()))
  }

  /** Ends the connection because of an error. */
  failed(cause: unknown): void {
    this.end({ code: 1006, reason: '', cause })
  }

  send(data: Encoded): void {
    // Before the connection opened, the server may not know its id.
    if (!this.#opened || this.ended) return
    this.bufferedAmount += sizeOf(data)
    this.#queue.push(data)
    if (this.#queue.length === 1) void this.#postAll()
  }

  close(): void {
    this.ended = true
    this.#queue = []
    this.bufferedAmount = 0
    this.#cancelWatch?.()
    this.#controller.abort()
  }

  async #postAll(): Promise<void> {
    for (let data = this.#queue[0]; data !== undefined; data = this.#queue[0]) {
      await this.#post(data)
      if (this.ended) return
      this.#queue.shift()
      this.bufferedAmount -= sizeOf(data)
    }
  }

  async #post(data: Encoded): Promise<void> {
    const { postUrl, request } = this.#exchange
    const ms = this.#silenceMs
    const late = (): void => this.end({ code: 1006, reason: `a post was not answered in ${ms} ms` })
    const cancel = systemClock.after(ms, late)
    try {
      const response = await request(postUrl, {
        method: 'POST',
        body: data,
        headers: {
          'content-type':
            typeof data === 'string' ? 'application/json' : 'application/octet-stream',
        },
        signal: this.signal,
      })
      if (!response.ok) return this.refused(response)
      // A body that is not read would keep its TCP connection from the next request.
      for await (const _ of chunksOf(response)) if (this.ended) return
    } catch (cause) {
      this.failed(cause)
    } finally {
      cancel()
    }
  }

  /** Ends the connection once nothing has arrived for too long; a late timer measures the time itself. */
  #watch(): void {
    const leftMs = this.#aliveAt + this.#silenceMs - systemClock.now()
    if (leftMs > 0) this.#cancelWatch = systemClock.after(leftMs, () => this.#watch())
    else this.end({ code: 1006, reason: `nothing arrived in ${this.#silenceMs} ms` })
  }
}

function sizeOf(data: Encoded): number {
  return typeof data === 'string' ? utf8Length(data) : data.byteLength
}

/** Yields the body of a response, as it arrives; cancels the rest if the caller stops before its end. */
export async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  try {
    for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
      yield chunk.value
    }
  } finally {
    reader?.cancel().catch(() => {})
  }
}
