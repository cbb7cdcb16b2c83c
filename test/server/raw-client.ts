import { onTestFinished } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { RealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'

/** A message as sent on the wire. */
export interface Message {
  readonly type?: string
  readonly channel?: string
  readonly requestId?: string
  readonly id?: string
  readonly offset?: number
  readonly via?: string
  readonly timestamp?: number
  readonly payload?: unknown
  readonly at?: unknown
  readonly [field: string]: unknown
}

/** Options of a raw client. */
export interface RawOptions {
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** A client that sends exactly the given texts, and keeps all received ones in order. */
export class RawClient {
  readonly ws: WebSocket
  /** The frames, as received. */
  readonly frames: string[] = []
  /** The texts of messages not yet returned by {@link next}. */
  readonly texts: string[] = []
  /** The tag of the welcome, which the server puts before the ids of this client's events. */
  tag = ''
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  #wake: () => void = () => {}
  #requests = 0

  constructor(url: string, { protocols = [], headers = {} }: RawOptions = {}) {
    this.ws = new WebSocket(url, [...protocols], { headers: { ...headers } })
    this.ws.on('message', (data) => {
      const frame = String(data)
      this.frames.push(frame)
      if (frame.startsWith('['))
        for (const one of JSON.parse(frame)) this.texts.push(JSON.stringify(one))
      else this.texts.push(frame)
      this.#wake()
    })
    this.ws.on('error', () => {})
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    })
  }

  /** Opens a socket. */
  static async open(url: string, options: RawOptions = {}): Promise<RawClient> {
    const client = new RawClient(url, options)
    onTestFinished(() => client.ws.terminate())
    await new Promise<void>((resolve, reject) => {
      client.ws.once('open', resolve)
      client.ws.once('error', reject)
    })
    return client
  }

  /** Opens a socket, sends a hello, and waits for the welcome. */
  static async greeted(url: string, hello: object = {}): Promise<RawClient> {
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: hello })
    const { payload } = await client.next('welcome')
    client.tag = (payload as { readonly tag: string }).tag
    return client
  }

  /** Sends a value as JSON, or a text or bytes unchanged. */
  send(value: unknown): void {
    this.ws.send(
      typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value),
    )
  }

  /** Returns the text of the next message. */
  async text(): Promise<string> {
    for (;;) {
      const text = this.texts.shift()
      if (text !== undefined) return text
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Returns the next message; rejects if it is of another type. */
  async next(type?: string): Promise<Message> {
    const message: Message = JSON.parse(await this.text())
    if (type !== undefined && message.type !== type) {
      throw new Error(`Expected ${type}, got ${JSON.stringify(message)}`)
    }
    return message
  }

  /** Returns the next `count` messages. */
  async take(count: number): Promise<Message[]> {
    const messages = []
    while (messages.length < count) messages.push(await this.next())
    return messages
  }

  /**
   * Sends a message with a request id and returns the reply; rejects if another message comes
   * first.
   */
  async request(message: Message): Promise<Message> {
    const requestId = message.requestId ?? `r${++this.#requests}`
    this.send({ ...message, requestId })
    const reply = await this.next()
    if (reply.requestId !== requestId) throw new Error(`Got ${JSON.stringify(reply)}`)
    return reply
  }

  /** Subscribes to channels. */
  subscribe(...channels: string[]): Promise<Message> {
    return this.request({ type: 'subscribe', payload: { channels } })
  }

  /**
   * Resolves once the server has handled all messages sent so far, with the messages received
   * since.
   */
  async settled(): Promise<Message[]> {
    const timestamp = Math.random()
    this.send({ type: 'ping', timestamp })
    const before = []
    for (;;) {
      const message = await this.next()
      const { payload } = message
      const mine = JSON.stringify(payload)?.includes(String(timestamp))
      if (message.type === 'pong' && mine) return before
      before.push(message)
    }
  }
}

/** A promise that a test resolves. */
export function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve: (value) => resolve(value) }
}

/** A listening server, and the errors it reported. */
export interface Served {
  readonly server: RealtimeServer
  readonly url: string
  readonly port: number
  readonly errors: unknown[]
}

/** Starts a server for one test. */
export async function serve(options: RealtimeServerOptions = {}): Promise<Served> {
  const errors: unknown[] = []
  const server = new RealtimeServer({ onError: (error) => errors.push(error), ...options })
  onTestFinished(() => server.close())
  return { server, errors, ...(await server.listen()) }
}
