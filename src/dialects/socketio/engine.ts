import type { TransportFactory } from '../../ports/transport.ts'
import type { DialectFactory } from '../../protocol/dialect.ts'
import { socketio } from './dialect.ts'
import { withHandshake } from './handshake.ts'
import { engineTransport } from './packets.ts'

/** Options of {@link engineIo}. */
export interface EngineIoOptions {
  /**
   * Namespace to connect to.
   * @default '/'
   */
  readonly namespace?: string | undefined
}

/**
 * Returns the client options for Socket.IO over a plain WebSocket, without `socket.io-client`: a
 * dialect and a transport, to be used together.
 *
 * The path of the client's URL is the one of Engine.IO, `/socket.io/` by default. The token of
 * `auth` is sent to the namespace; the query of `auth` is added to the URL.
 *
 * @param sockets transport that opens the WebSockets
 * @example
 * const client = new RealtimeClient('wss://api.example.com', engineIo(webSocketTransport()))
 */
export function engineIo(
  sockets: TransportFactory,
  options: EngineIoOptions = {},
): { readonly dialect: DialectFactory; readonly transport: TransportFactory } {
  const { namespace = '/' } = options
  return { dialect: withHandshake(socketio), transport: engineTransport(sockets, namespace) }
}
