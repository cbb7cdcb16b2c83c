import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, ServerOptions, WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { Socket, SocketHandlers } from './socket.ts'

/** How long a peer may take to answer a close. */
const CLOSE_MS = 1_000

/** What an acceptor accepts. */
export interface AcceptorOptions {
  /** The subprotocols it knows. */
  readonly protocols: readonly string[]
  /** The largest frame, in bytes; a larger one closes with 1009. */
  readonly frameBytes: number
}

/** Turns an upgrade request into a socket; `open` is called once it is one. */
export type Acceptor = (
  request: IncomingMessage,
  tcp: Duplex,
  head: Buffer,
  open: (socket: Socket) => SocketHandlers,
) => void

/** Accepts sockets with `ws`, which is imported nowhere else. */
export function createAcceptor({ protocols, frameBytes }: AcceptorOptions): Acceptor {
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Compressed fragments cost memory that nobody bounds, and secrets their secrecy.
    perMessageDeflate: false,
    maxPayload: frameBytes,
    closeTimeout: CLOSE_MS,
    handleProtocols: (offered) => protocols.find((name) => offered.has(name)) ?? false,
  }
  const server = new WebSocketServer(options)
  return (request, tcp, head, open) => {
    server.handleUpgrade(request, tcp, head, (ws) => listen(ws, open(new WsSocket(ws))))
  }
}

class WsSocket implements Socket {
  readonly #ws: WebSocket

  constructor(ws: WebSocket) {
    this.#ws = ws
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount
  }

  send(text: string): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(text)
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }
}

function listen(ws: WebSocket, handlers: SocketHandlers): void {
  ws.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary || !Buffer.isBuffer(data)) handlers.binary()
    else handlers.text(data.toString(), data.length)
  })
  for (const sign of ['ping', 'pong']) ws.on(sign, () => handlers.alive?.())
  ws.on('close', () => handlers.closed())
  // Too large, bad UTF-8, reset: `ws` closes with the right code by itself.
  ws.on('error', () => {})
}
