import { onTestFinished } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { RealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'

/** A message of the wire, as a test looks at it. */
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

/** How a raw client connects. */
export interface RawOptions {
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** A client that says exactly what it is told to, and keeps all that it hears in order. */
export class RawClient {
  readonly ws: WebSocket
  /** The frames, as they came. */
  readonly frames: string[] = []
  /** The texts of messages not taken by {@link next} yet. */
  readonly texts: string[] = []
  /** What the welcome says is put before the ids of this client's events. */
  tag = ''
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  #wake: () => void = () => {}
  #asked = 0

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

  /** Opens a socket and greets. */
  static async greeted(url: string, hello: object = {}): Promise<RawClient> {
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: hello })
    const { payload } = await client.next('welcome')
    client.tag = (payload as { readonly tag: string }).tag
    return client
  }

  /** Sends a value as JSON, or a text or bytes as they are. */
  send(value: unknown): void {
    this.ws.send(
      typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value),
    )
  }

  /** The text of the next message. */
  async text(): Promise<string> {
    for (;;) {
      const text = this.texts.shift()
      if (text !== undefined) return text
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The next message; fails where it is not of the type named. */
  async next(type?: string): Promise<Message> {
    const message: Message = JSON.parse(await this.text())
    if (type !== undefined && message.type !== type) {
      throw new Error(`Expected ${type}, got ${JSON.stringify(message)}`)
    }
    return message
  }

  /** The next so many messages. */
  async take(count: number): Promise<Message[]> {
    const messages = []
    while (messages.length < count) messages.push(await this.next())
    return messages
  }

  /** Asks and waits; what comes before the answer is an error. */
  async ask(message: Message): Promise<Message> {
    const requestId = message.requestId ?? `r${++this.#asked}`
    this.send({ ...message, requestId })
    const answer = await this.next()
    if (answer.requestId !== requestId) throw new Error(`Got ${JSON.stringify(answer)}`)
    return answer
  }

  /** Subscribes to channels. */
  subscribe(...channels: string[]): Promise<Message> {
    return this.ask({ type: 'subscribe', payload: { channels } })
  }

  /** Resolves once everything sent so far has been taken in, with what was said meanwhile. */
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

/** A promise that a test settles when it likes. */
export function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve: (value) => resolve(value) }
}

/** A server that listens, with what it reported. */
export interface Served {
  readonly server: RealtimeServer
  readonly url: string
  readonly port: number
  readonly errors: unknown[]
}

/** Makes a server for one test. */
export async function serve(options: RealtimeServerOptions = {}): Promise<Served> {
  const errors: unknown[] = []
  const server = new RealtimeServer({ onError: (error) => errors.push(error), ...options })
  onTestFinished(() => server.close())
  return { server, errors, ...(await server.listen()) }
}
