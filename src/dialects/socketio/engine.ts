import type { TransportFactory } from '../../ports/transport.ts'
import type { DialectFactory } from '../../protocol/dialect.ts'
import { socketio } from './dialect.ts'
import { withHandshake } from './handshake.ts'
import { engineTransport } from './packets.ts'

/** What {@link engineIo} can be told. */
export interface EngineIoOptions {
  /**
   * The namespace to connect to.
   * @default '/'
   */
  readonly namespace?: string | undefined
}

/**
 * Socket.IO without socket.io-client, by WebSocket alone: the dialect and the transport that belong
 * together, as options of a client.
 *
 * The path of the client's address is Engine.IO's, `/socket.io/` where it has none; a token that
 * `auth` gives is told to the namespace, its query goes into the address.
 *
 * @param sockets opens the sockets
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
