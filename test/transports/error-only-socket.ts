import { WebSocket } from 'ws'

type Handler = ((event: object) => void) | null

/**
 * A minimal socket class: handlers are properties, there is no `addEventListener`, and as in Node
 * 22 a failed attempt is an `error`, two if it was aborted, and never a `close`.
 */
export class ErrorOnlySocket {
  onopen: Handler = null
  onmessage: Handler = null
  onerror: Handler = null
  onclose: Handler = null
  readonly #socket: WebSocket
  #opened = false

  constructor(url: string, protocols: string[] = []) {
    this.#socket = new WebSocket(url, protocols)
    this.#socket.onopen = (event) => {
      this.#opened = true
      this.onopen?.(event)
    }
    this.#socket.onmessage = (event) => this.onmessage?.(event)
    this.#socket.onerror = (event) => {
      this.onerror?.(event)
      if (!this.#opened) this.onerror?.(event)
    }
    this.#socket.onclose = (event) => {
      if (this.#opened) this.onclose?.(event)
    }
  }

  get binaryType(): string {
    return this.#socket.binaryType
  }

  set binaryType(type: 'arraybuffer') {
    this.#socket.binaryType = type
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  send(data: string): void {
    this.#socket.send(data)
  }

  close(code?: number, reason?: string): void {
    this.#socket.close(code, reason)
  }
}
