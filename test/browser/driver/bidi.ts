import { once } from 'node:events'
import { WebSocket } from 'ws'

/** A message of WebDriver BiDi: the reply to a command, or an event. */
interface Message {
  readonly type: 'success' | 'error' | 'event'
  readonly id?: number
  readonly result?: unknown
  readonly error?: string
  readonly message?: string
  readonly method?: string
  readonly params?: unknown
}

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** A connection over WebDriver BiDi: commands with replies, and events. */
export class Bidi {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners: ((method: string, params: unknown) => void)[] = []
  #lastId = 0
  #last: Promise<unknown> = Promise.resolve()

  /** Connects to the address that a browser prints, and begins a session. */
  static async connect(url: string): Promise<Bidi> {
    const socket = new WebSocket(`${url}/session`)
    await once(socket, 'open')
    const bidi = new Bidi(socket)
    await bidi.send('session.new', { capabilities: {} })
    return bidi
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#receive(JSON.parse(String(data))))
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The browser has ended.'))
      this.#waiting.clear()
    })
  }

  /** Sends a command, and returns its result; `R` is the result type in the protocol. */
  send<R>(method: string, params: object = {}): Promise<R> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise<R>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as R), reject })
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }

  /** Runs a function after all functions enqueued before. */
  enqueue<R>(run: () => Promise<R>): Promise<R> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => {})
    return result
  }

  /** Calls `listener` for every event. */
  follow(listener: (method: string, params: unknown) => void): void {
    this.#listeners.push(listener)
  }

  #receive({ id, type, result, error, message, method, params }: Message): void {
    if (type === 'event') {
      for (const listener of this.#listeners) listener(method ?? '', params)
      return
    }
    const waiting = this.#waiting.get(id ?? 0)
    this.#waiting.delete(id ?? 0)
    if (type === 'success') waiting?.resolve(result)
    else waiting?.reject(new Error(`${error}: ${message}`))
  }
}
