import { badOption } from '../../../base/errors.ts'
import { checkNames } from '../../../base/known-names.ts'
import { channelsServer } from '../../../dialects/socketio/channels-server.ts'
import { sessionEvents, socketioServer } from '../../../dialects/socketio/server.ts'
import { sessionChannel } from '../../../dialects/socketio/sessions.ts'
import { isFields } from '../../../protocol/fields.ts'
import type { AddressedRequest } from '../../access/client-address.ts'
import type { HttpRefusal } from '../../access/upgrade-request.ts'
import type { Mount, OpenSession } from '../../session/mount.ts'
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
 * A further call for the same namespace, as in `setUp`, takes the place of the former one; connected
 * clients stay.
 *
 * Throws `bad-option` if `connectionStateRecovery` is on, since it brings clients back without a
 * session, or if an argument is of another kind; and `bad-option` if `origins` of the server is missing
 * in production.
 *
 * @param io the server, or one of its namespaces
 * @example
 * import { Server } from 'socket.io'
 * import { bridgeSocketio } from 'wirefold/server/socketio'
 *
 * const io = new Server(3000)
 * const bridge = bridgeSocketio(server, io)
 * io.on('connection', (socket) => {
 *   socket.on('join', async (room, ack) => ack(await bridge.subscribe(socket, `room:${room}`)))
 * })
 */
export function bridgeSocketio<Socket extends SocketioSocket>(
  server: SocketioBridgeServer,
  io: SocketioNamespace<Socket>,
  options: SocketioBridgeOptions = {},
): SocketioBridge {
  const { speaks = 'channels' } = options
  checkNames('bridgeSocketio()', options, { speaks })
  assertArguments(server, io, speaks)
  const { _opts: settings = io.server?._opts } = io
  if (settings?.connectionStateRecovery) {
    throw badOption(
      'connectionStateRecovery',
      'The option connectionStateRecovery of Socket.IO restores rooms, but not channels. Remove it: clients subscribe again on every connect.',
    )
  }
  const events = sessionEvents('/')
  const dialect = () => (speaks === 'sessions' ? socketioServer('/', events) : channelsServer())
  const values = new SharedValues()
  const host = isFields(io.sockets) && 'use' in io.sockets ? io.sockets : io
  const former: Bridged<Socket> | undefined = Reflect.get(host, BRIDGED)
  const bridged: Bridged<Socket>['sockets'] = former?.sockets ?? new WeakMap()
  const latest = new WeakMap<object, Map<string, BridgedSocket>>()
  const accept: Bridged<Socket>['accept'] = (socket, next) => {
    const { conn, nsp } = socket
    const ofConnection = latest.get(conn) ?? new Map<string, BridgedSocket>()
    latest.set(conn, ofConnection)
    const former = ofConnection.get(nsp.name)
    if (former?.repeated(next)) return
    const own = new BridgedSocket(socket, next, values)
    ofConnection.set(nsp.name, own)
    bridged.set(socket, own)
    const opened = (session: OpenSession) => own.opened(session)
    if (!own.ended) void serve(server, socket, own, dialectMount(dialect, { opened }))
  }
  if (former) former.accept = accept
  else {
    const own: Bridged<Socket> = { accept, sockets: bridged }
    Reflect.set(host, BRIDGED, own)
    io.use((socket, next) => own.accept(socket, next))
    io.on('connection', (socket) => bridged.get(socket)?.connected())
  }
  const run = async (
    socket: object,
    kind: 'subscribe' | 'unsubscribe',
    channel: string,
  ): Promise<SocketioAnswer> => {
    const own = bridged.get(socket)
    if (!own) throw badOption('socket', NOT_BRIDGED)
    if (typeof channel !== 'string' || channel === '') {
      throw badOption(
        'channel',
        `bridge.${kind}() was called without a channel. Give its name as a string.`,
      )
    }
    const name = speaks === 'sessions' ? sessionChannel(channel) : channel
    return answerOf(await own.run(kind, name))
  }
  return {
    subscribe: (socket, channel) => run(socket, 'subscribe', channel),
    unsubscribe: (socket, channel) => run(socket, 'unsubscribe', channel),
    connectionId: (socket) => bridged.get(socket)?.connectionId,
  }
}

function assertArguments(
  server: SocketioBridgeServer,
  io: { readonly use: unknown },
  speaks: unknown,
): void {
  if (typeof server?.connect !== 'function') {
    throw badOption(
      'server',
      'bridgeSocketio() takes a RealtimeServer first. Call bridgeSocketio(server, io).',
    )
  }
  server.assertOrigins()
  // A server of Engine.IO has a `use`, too.
  if (typeof io?.use !== 'function' || 'handleUpgrade' in io) {
    throw badOption(
      'io',
      'bridgeSocketio() takes a server or a namespace of socket.io second. Call bridgeSocketio(server, io).',
    )
  }
  if (speaks === 'channels' || speaks === 'sessions') return
  throw badOption(
    'speaks',
    `The option speaks of bridgeSocketio() is ${JSON.stringify(speaks)}. Use "channels" or "sessions".`,
  )
}

/** Where a namespace holds its bridge. */
const BRIDGED = Symbol.for('wirefold.bridgeSocketio')

/** The bridge of a namespace; a later one takes its place for the clients that connect then. */
interface Bridged<Socket> {
  accept: (socket: Socket, next: (error?: Error) => void) => void
  readonly sockets: WeakMap<object, BridgedSocket>
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
   * Subscribes a client, as its own event `subscribe` does: if `authorize` allows it, and without the
   * limits for messages of the client. Rejects with
   * `bad-option` if the socket is not of the bridged namespace, or the channel is no string.
   *
   * @param channel the id of a session, if the clients speak of sessions
   * @returns the value for an acknowledgement
   */
  subscribe(socket: object, channel: string): Promise<SocketioAnswer>
  /** Undoes {@link subscribe}. */
  unsubscribe(socket: object, channel: string): Promise<SocketioAnswer>
  /** Returns the id of a client in `server.connections()`; `undefined` if it has none. */
  connectionId(socket: object): string | undefined
}

const NOT_BRIDGED =
  'The bridge does not serve this socket. It may be no socket of this process, of another namespace, connected before bridgeSocketio() was called, or in an io.use() before that of the bridge. Give the socket of a "connection" listener.'

/** The value that acknowledges a subscribe: that of a refusal has its message and code. */
export type SocketioAnswer =
  | { readonly ok: true }
  | { readonly error: string; readonly code: string; readonly retryAfterMs?: number }

/** The part of a `RealtimeServer` that the bridge uses. */
export interface SocketioBridgeServer {
  /** Throws `bad-option` if `origins` is missing in production. */
  assertOrigins(): void
  /** Opens a session for a socket, or returns the refusal. */
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
  /** The main namespace of a server. */
  readonly sockets?: unknown
  /** Adds a middleware for new sockets. */
  use(middleware: (socket: Socket, next: (error?: Error) => void) => void): unknown
  /** Adds a listener for accepted sockets. */
  on(event: 'connection', listener: (socket: Socket) => void): unknown
}

/** The settings of a server of `socket.io`. */
export interface SocketioSettings {
  /** The options of the server. */
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
