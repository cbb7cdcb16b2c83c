import { channelsServer } from '../../../dialects/socketio/channels-server.ts'
import { sessionEvents, socketioServer } from '../../../dialects/socketio/server.ts'
import { isFields } from '../../../protocol/fields.ts'
import type { AddressedRequest } from '../../access/client-address.ts'
import type { HttpRefusal } from '../../access/upgrade-request.ts'
import type { Mount } from '../../session/mount.ts'
import type { PlainSocket, SocketHandlers } from '../../socket/socket.ts'
import { dialectMount } from '../dialect-mount.ts'
import { BridgedSocket, SharedValues } from './bridged-socket.ts'
import type { SocketioSocket } from './socketio-socket.ts'

/**
 * Serves the clients of a server of the package `socket.io`, over every transport of that, with the
 * channels, requests, rights and limits of a realtime server. Call it after your own `io.use`.
 *
 * The token is taken from the credentials of the client, `auth: { token }`; a refusal is a
 * `connect_error`. Events that the application listens to by itself stay with the application.
 *
 * Throws a `TypeError` if `connectionStateRecovery` is on: it brings clients back without a session.
 *
 * @param io the server, or one of its namespaces
 * @example
 * const io = new Server(httpServer)
 * const bridge = bridgeSocketio(server, io)
 * io.on('connection', (socket) => {
 *   socket.on('join', async (room, ack) => ack(await bridge.subscribe(socket, `room:${room}`)))
 * })
 */
export function bridgeSocketio<Socket extends SocketioSocket>(
  server: SocketioBridgeServer,
  io: SocketioNamespace<Socket>,
  { speaks = 'channels' }: SocketioBridgeOptions = {},
): SocketioBridge {
  const { _opts: options = io.server?._opts } = io
  if (options?.connectionStateRecovery) {
    throw new TypeError(
      'The option connectionStateRecovery of Socket.IO restores rooms, but not channels. Remove it: clients subscribe again on every connect.',
    )
  }
  const events = sessionEvents('/')
  const mount = dialectMount(() =>
    speaks === 'sessions' ? socketioServer('/', events) : channelsServer(),
  )
  const values = new SharedValues()
  const bridged = new WeakMap<object, BridgedSocket>()
  const latest = new WeakMap<object, Map<string, BridgedSocket>>()
  io.use((socket, next) => {
    const { conn, nsp } = socket
    const ofConnection = latest.get(conn) ?? new Map<string, BridgedSocket>()
    latest.set(conn, ofConnection)
    const former = ofConnection.get(nsp.name)
    if (former?.repeated(next)) return
    const own = new BridgedSocket(socket, next, values)
    ofConnection.set(nsp.name, own)
    bridged.set(socket, own)
    if (!own.ended) void serve(server, socket, own, mount)
  })
  io.on('connection', (socket) => bridged.get(socket)?.connected())
  const run = (socket: object, name: string, channel: string): Promise<SocketioAnswer> =>
    new Promise((resolve, reject) => {
      const own = bridged.get(socket)
      if (own) own.emit(name, [channel], (value) => resolve(answerOf(value)))
      else reject(new TypeError('This socket is of another namespace than the bridge.'))
    })
  return {
    subscribe: (socket, channel) => run(socket, 'subscribe', channel),
    unsubscribe: (socket, channel) => run(socket, 'unsubscribe', channel),
  }
}

/** Options of {@link bridgeSocketio}. */
export interface SocketioBridgeOptions {
  /**
   * The events of the clients: subscribes to any channel, or to sessions by their ids, as of
   * `socketioMount`.
   * @default 'channels'
   */
  readonly speaks?: 'channels' | 'sessions' | undefined
}

/** The channels of the clients, for the application's own events. */
export interface SocketioBridge {
  /**
   * Subscribes a client, as its own event `subscribe` does: if `authorize` allows it. Rejects with a
   * `TypeError` if the socket is not of the bridged namespace.
   *
   * @param channel the id of a session, if the clients speak of sessions
   * @returns the value for an acknowledgement
   */
  subscribe(socket: object, channel: string): Promise<SocketioAnswer>
  /** Undoes {@link subscribe}. */
  unsubscribe(socket: object, channel: string): Promise<SocketioAnswer>
}

/** The value that acknowledges a subscribe: that of a refusal has its message and code. */
export type SocketioAnswer =
  | { readonly ok: true }
  | { readonly error: string; readonly code: string; readonly retryAfterMs?: number }

/** The part of a `RealtimeServer` that the bridge uses. */
export interface SocketioBridgeServer {
  connect(
    socket: PlainSocket,
    request: AddressedRequest & { readonly url: string },
    mount: Mount,
  ): Promise<SocketHandlers | HttpRefusal>
}

/** The part of a server of `socket.io`, or of one of its namespaces, that the bridge uses. */
export interface SocketioNamespace<Socket> extends SocketioSettings {
  /** The server of a namespace. */
  readonly server?: SocketioSettings
  use(middleware: (socket: Socket, next: (error?: Error) => void) => void): unknown
  on(event: 'connection', listener: (socket: Socket) => void): unknown
}

/** The settings of a server of `socket.io`. */
export interface SocketioSettings {
  readonly _opts?: { readonly connectionStateRecovery?: unknown }
}

async function serve(
  server: SocketioBridgeServer,
  { handshake: { headers, url, address: remoteAddress } }: SocketioSocket,
  own: BridgedSocket,
  mount: Mount,
): Promise<void> {
  const result = await server.connect(own, { headers, url, remoteAddress }, mount)
  if ('status' in result) own.refuse(result)
  else own.start(result)
}

function answerOf(value: unknown): SocketioAnswer {
  return isRefused(value) ? value : { ok: true }
}

function isRefused(value: unknown): value is Exclude<SocketioAnswer, { readonly ok: true }> {
  return isFields(value) && typeof value.error === 'string'
}
