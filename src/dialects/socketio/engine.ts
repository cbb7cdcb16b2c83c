import type { TransportFactory } from '../../ports/transport.ts'
import type { DialectFactory } from '../../protocol/dialect.ts'
import { withHandshake } from './handshake.ts'
import { engineTransport } from './packets.ts'
import { sessions } from './sessions.ts'

/** Options of {@link engineIoTransport} and {@link engineIo}. */
export interface EngineIoOptions {
  /**
   * Namespace to connect to.
   * @default '/'
   */
  readonly namespace?: string | undefined
}

/**
 * Makes a transport for Socket.IO over a plain WebSocket, without `socket.io-client`, for the dialect
 * `socketio`. Make one for each client: it remembers the session that the server can recover.
 *
 * The path of the client's URL is the one of Engine.IO, `/socket.io/` by default. The query of `auth` is
 * added to the URL.
 *
 * @param sockets transport that opens the WebSockets
 */
export function engineIoTransport(
  sockets: TransportFactory,
  { namespace = '/' }: EngineIoOptions = {},
): TransportFactory {
  return engineTransport(sockets, namespace)
}

/**
 * Returns the client options for {@link sessions} over a plain WebSocket: a dialect and a transport, to be
 * used together. The token of `auth` is sent to the namespace.
 *
 * @param sockets transport that opens the WebSockets
 * @example
 * import { RealtimeClient, webSocketTransport } from 'wirefold'
 * import { engineIo } from 'wirefold/dialects/socketio'
 *
 * const client = new RealtimeClient('wss://api.example.com', engineIo(webSocketTransport()))
 */
export function engineIo(
  sockets: TransportFactory,
  options: EngineIoOptions = {},
): { readonly dialect: DialectFactory; readonly transport: TransportFactory } {
  return { dialect: withHandshake(sessions), transport: engineIoTransport(sockets, options) }
}
