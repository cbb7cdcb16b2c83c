import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { type PeerChannels, PhoenixPeer } from './phoenix.ts'

/** Returns the user of a connection; `undefined` refuses it with 403. */
export type Authorize = (query: URLSearchParams, request: IncomingMessage) => string | undefined

/** A {@link PhoenixPeer} that serves WebSockets at a path. */
export class PhoenixServer extends PhoenixPeer {
  /** The addresses of all attempts to connect. */
  readonly attempts: string[] = []
  readonly #http = createServer()
  readonly #sockets = new Set<Socket>()
  /** The ends of all connections. */
  readonly #ends: Promise<unknown>[] = []
  #port = 0

  constructor(channels: PeerChannels, path: string, authorize: Authorize) {
    super(channels)
    const wss = new WebSocketServer({ noServer: true })
    this.#http.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#http.on('upgrade', (request, socket, head) => {
      this.attempts.push(String(request.url))
      const { pathname, searchParams } = new URL(String(request.url), 'http://peer')
      const user = pathname === path ? authorize(searchParams, request) : undefined
      if (user === undefined) socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      else wss.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, user))
    })
  }

  get port(): number {
    return this.#port
  }

  /** Listens, also after {@link kill}, on the same port. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#http.address() as AddressInfo).port
  }

  /** Stops as a process that is killed: every connection is reset. */
  async kill(): Promise<void> {
    this.cut()
    if (this.#http.listening) await new Promise((resolve) => this.#http.close(resolve))
    await Promise.all(this.#ends.splice(0))
  }

  /** Resets every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #serve(ws: WebSocket, user: string): void {
    const { receive, closed } = this.connect(user, (message) =>
      ws.send(message instanceof Uint8Array ? message : JSON.stringify(message)),
    )
    ws.on('error', () => {})
    ws.on('close', closed)
    this.#ends.push(once(ws, 'close'))
    ws.on('message', (data: Buffer, isBinary) => {
      receive(isBinary ? new Uint8Array(data) : JSON.parse(data.toString()))
    })
  }
}
