import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, ServerOptions, WebSocket } from 'ws'
// All of it: a named import of what an old version lacks fails before any words of this package.
import * as packageWs from 'ws'
import { WirefoldError } from '../../base/errors.ts'
import { asFields } from '../../protocol/fields.ts'
import type { RawSocket, SocketHandlers } from '../socket/socket.ts'

/** Time within which a peer has to answer a close, in milliseconds. */
const CLOSE_MS = 1_000
/** Maximum fragments of one message: a client needs one, a proxy may split it into a few. */
const MOST_FRAGMENTS = 1_024
/** The first version of `ws` that limits the memory of fragments (CVE-2026-48779) and of pongs. */
const NEEDED = '>=8.23.0'

/** Accepts an upgrade request; calls `open` with the socket once the handshake is done. */
export type Acceptor = (
  request: IncomingMessage,
  tcp: Duplex,
  head: Buffer,
  open: (socket: RawSocket) => SocketHandlers,
) => void

/**
 * Creates an acceptor with `ws`, which only this file imports.
 *
 * Throws `bad-dependency` if the installed version of `ws` is too old or has known vulnerabilities.
 */
export function createAcceptor({ protocols, frameBytes }: AcceptorOptions): Acceptor {
  const WebSocketServer = safeServer()
  const options: ServerOptions & {
    readonly closeTimeout: number
    readonly maxFragments: number
  } = {
    noServer: true,
    clientTracking: false,
    // `WsSocket` answers pings itself, so that pongs never pile up for a peer that does not read.
    autoPong: false,
    // permessage-deflate stays off: unbounded memory, and compression side channels (BREACH).
    perMessageDeflate: false,
    maxPayload: frameBytes,
    maxFragments: MOST_FRAGMENTS,
    closeTimeout: CLOSE_MS,
    handleProtocols: (offered) => protocols.find((name) => offered.has(name)) ?? false,
  }
  const server = new WebSocketServer(options)
  return (request, tcp, head, open) => {
    server.handleUpgrade(request, tcp, head, (ws) => {
      const socket = new WsSocket(ws, tcp)
      listen(ws, tcp, socket, open(socket))
    })
  }
}

/** Options of an {@link Acceptor}. */
export interface AcceptorOptions {
  /** The supported subprotocols, the preferred one first. */
  readonly protocols: readonly string[]
  /** Maximum size of a message, in bytes; a larger one closes the connection with 1009. */
  readonly frameBytes: number
}

/** Returns the server's class; throws if `ws` is too old: the last fix introduced the option, with a default. */
function safeServer(): typeof packageWs.WebSocketServer {
  // Versions before 8 lack the class, and so does the file for browsers.
  const { WebSocketServer }: Partial<typeof packageWs> = packageWs
  if (!WebSocketServer) {
    throw badWs('has no WebSocketServer: it is older than 8, or its file for browsers was loaded')
  }
  const { options } = new WebSocketServer({ noServer: true })
  if (asFields(options).maxPendingAutoPongs !== undefined) return WebSocketServer
  throw badWs('has known vulnerabilities')
}

function badWs(fault: string): WirefoldError<'bad-dependency'> {
  const message = `wirefold/server needs ws ${NEEDED}; the installed version ${fault}. Run: npm install ws@"${NEEDED}"`
  return new WirefoldError('bad-dependency', message, { name: 'ws', needs: NEEDED })
}

/**
 * A socket that writes encoded frames to the TCP stream directly, past the sender of `ws`. Without
 * compression that sender never queues, so its own frames (pong, close) fall between whole writes.
 */
class WsSocket implements RawSocket {
  readonly #ws: WebSocket
  readonly #tcp: Duplex
  /** The ping to answer once the system has taken the pong before; `undefined` for none. */
  #unanswered: Buffer | undefined
  #ponging = false

  constructor(ws: WebSocket, tcp: Duplex) {
    this.#ws = ws
    this.#tcp = tcp
  }

  get bufferedAmount(): number {
    return this.#tcp.writableLength
  }

  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#tcp.write(bytes, taken)
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  ping(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
  }

  close(code: number, reason: string): void {
    try {
      this.#ws.close(code, reason)
    } catch (error) {
      // Without its close frame, `ws` would wait for the peer forever.
      this.#ws.terminate()
      throw error
    }
  }

  /**
   * Answers a ping. While a pong waits for the peer to read, only the latest ping is kept to be
   * answered (RFC 6455, section 5.5.3).
   */
  pong(ping: Buffer): void {
    if (this.#ponging) {
      this.#unanswered = ping
      return
    }
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#ponging = true
    this.#ws.pong(ping, false, () => {
      const next = this.#unanswered
      this.#ponging = false
      this.#unanswered = undefined
      if (next) this.pong(next)
    })
  }
}

function listen(ws: WebSocket, tcp: Duplex, socket: WsSocket, handlers: SocketHandlers): void {
  tcp.prependListener('data', (data: Buffer) => handlers.received?.(data.length))
  ws.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary || !Buffer.isBuffer(data)) handlers.binary()
    else handlers.text(data.toString(), data.length)
  })
  ws.on('ping', (data: Buffer) => {
    handlers.alive?.(data.length)
    socket.pong(data)
  })
  ws.on('pong', (data: Buffer) => handlers.alive?.(data.length))
  // 1006 stands for a connection that was lost without a closing handshake.
  ws.on('close', (code: number) => handlers.closed(code !== 1006))
  // Too large, bad UTF-8, reset: `ws` closes the connection with the right code itself.
  ws.on('error', ignore)
}

function ignore(): void {}
