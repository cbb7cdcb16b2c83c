import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, ServerOptions, WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { WirefoldError } from '../../base/errors.ts'
import { asFields } from '../../protocol/fields.ts'
import type { RawSocket, SocketHandlers } from '../socket/socket.ts'

/** How long a peer may take to answer a close. */
const CLOSE_MS = 1_000
/** The most fragments of one message: a client needs one, a proxy makes a few. */
const MOST_FRAGMENTS = 1_024
/** The first version of `ws` that bounds the memory which fragments take (CVE-2026-48779). */
const NEEDED = '>=8.21.0'

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
  open: (socket: RawSocket) => SocketHandlers,
) => void

/**
 * Accepts sockets with `ws`, which is imported nowhere else.
 *
 * Throws `bad-dependency` where that is a version with known holes.
 */
export function createAcceptor({ protocols, frameBytes }: AcceptorOptions): Acceptor {
  assertSafe()
  const options: ServerOptions & {
    readonly closeTimeout: number
    readonly maxFragments: number
  } = {
    noServer: true,
    clientTracking: false,
    // Compressed fragments cost memory that nobody bounds, and secrets their secrecy.
    perMessageDeflate: false,
    maxPayload: frameBytes,
    maxFragments: MOST_FRAGMENTS,
    closeTimeout: CLOSE_MS,
    handleProtocols: (offered) => protocols.find((name) => offered.has(name)) ?? false,
  }
  const server = new WebSocketServer(options)
  return (request, tcp, head, open) => {
    server.handleUpgrade(request, tcp, head, (ws) => listen(ws, open(new WsSocket(ws, tcp))))
  }
}

/** The option came with the fix: without it in its defaults, `ws` is too old. */
function assertSafe(): void {
  const { options } = new WebSocketServer({ noServer: true })
  if (asFields(options).maxFragments !== undefined) return
  const message = `The installed version of ws has known holes. Run: npm install ws@"${NEEDED}"`
  throw new WirefoldError('bad-dependency', message, { name: 'ws', needs: NEEDED })
}

/**
 * Frames are written to the stream below `ws`, past its sender: what is compressed is nothing, so that
 * the sender holds nothing back, and what it writes itself comes in between whole writes.
 */
class WsSocket implements RawSocket {
  readonly #ws: WebSocket
  readonly #tcp: Duplex

  constructor(ws: WebSocket, tcp: Duplex) {
    this.#ws = ws
    this.#tcp = tcp
  }

  get bufferedAmount(): number {
    return this.#tcp.writableLength
  }

  write(bytes: Uint8Array, taken: () => void): void {
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
