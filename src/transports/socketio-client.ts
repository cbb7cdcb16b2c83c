import type { CloseInfo, TransportFactory } from '../ports/transport.ts'

/**
 * Creates a transport over an instance of socket.io-client that the application made: with its
 * options, its credentials, and its polling where there is no WebSocket.
 *
 * From then on the client controls the instance. The client decides when to reconnect, as with
 * every transport: an instance that lost its connection is disconnected, even if its own options
 * say otherwise. The instance keeps its own address; the address of the client is ignored.
 *
 * @example
 * const client = new RealtimeClient('https://api.example.com', {
 *   dialect: socketio,
 *   transport: socketioClient(io('https://api.example.com', { autoConnect: false })),
 * })
 */
export function socketioClient(socket: SocketIoLike): TransportFactory {
  /** Detaches the transport that uses the instance now: there is never more than one. */
  let release = (): void => {}
  return {
    name: 'socket.io-client',
    open(_url, _protocols, handlers) {
      release()
      let live = true
      const message = (packet: readonly unknown[]): void => {
        if (live) handlers.message(textOf(packet))
      }
      const opened = (): void => handlers.opened()
      const refused = (cause: Error): void => {
        if (socket.active) end({ code: 1006, reason: '', cause })
        else end({ code: NOT_AUTHENTICATED, reason: cause.message, cause })
      }
      const lost = (reason: string): void => {
        // `io client disconnect` is the application's own `disconnect()`, which the server may not see.
        if (reason === 'io server disconnect') end({ code: DISCONNECTED_BY_SERVER, reason })
        else end({ code: 1006, reason: '', cause: reason })
      }
      const received = (...packet: readonly unknown[]): void => {
        // A function is the acknowledgement callback, which is left to the application.
        message(packet.filter((value) => typeof value !== 'function'))
      }
      const detach = (): void => {
        if (!live) return
        live = false
        socket.off('connect', opened)
        socket.off('connect_error', refused)
        socket.off('disconnect', lost)
        socket.offAny(received)
        socket.disconnect()
      }
      const end = (info: CloseInfo): void => {
        detach()
        handlers.closed(info)
      }
      release = detach
      socket.on('connect', opened)
      socket.on('connect_error', refused)
      socket.on('disconnect', lost)
      socket.onAny(received)
      // Asynchronous: no handler is called before `open` returns, nor while `closed` is being
      // handled.
      queueMicrotask(() => {
        if (!live) return
        if (socket.connected) handlers.opened()
        // With `autoConnect` it may be connecting already; a second `connect()` would connect
        // twice.
        else if (!socket.active) socket.connect()
      })
      return {
        // socket.io-client does not expose it.
        bufferedAmount: 0,
        send(data: string) {
          // While disconnected, the instance would buffer it and send it on the next connection.
          if (live && socket.connected) emitPacket(socket, JSON.parse(data), message)
        },
        close: detach,
      }
    },
  }
}

/** The part of an instance of socket.io-client 4 that wirefold uses. */
export interface SocketIoLike {
  /** Whether the namespace has accepted the connection. */
  readonly connected: boolean
  /** Whether the instance is connecting, or would reconnect by itself; false after a refusal. */
  readonly active: boolean
  /** Connects; does nothing if connected. */
  connect(): unknown
  /** Disconnects; the instance does not reconnect before the next `connect()`. */
  disconnect(): unknown
  /** Sends an event; a function after its arguments receives the acknowledgement. */
  emit(event: string, ...args: unknown[]): unknown
  on(event: 'connect', listener: () => void): unknown
  on(event: 'connect_error', listener: (error: Error) => void): unknown
  on(event: 'disconnect', listener: (reason: string) => void): unknown
  off(
    event: 'connect' | 'connect_error' | 'disconnect',
    listener: (...args: never[]) => void,
  ): unknown
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown
  offAny(listener: (event: string, ...args: unknown[]) => void): unknown
}

/** Close code if the server disconnected the client on purpose; fatal in the dialect. */
const DISCONNECTED_BY_SERVER = 1008

/** Close code if the server refused the connection: the client fetches new credentials once. */
const NOT_AUTHENTICATED = 4401

/** Emits a packet of the dialect on the instance. */
function emitPacket(
  socket: SocketIoLike,
  packet: unknown,
  answered: (packet: readonly unknown[]) => void,
): void {
  if (!Array.isArray(packet)) return
  const [first, ...rest]: readonly unknown[] = packet
  if (typeof first === 'string') socket.emit(first, ...rest)
  else {
    const [name, ...args] = rest
    socket.emit(String(name), ...args, (...reply: unknown[]) => answered([first, ...reply]))
  }
}

/**
 * Returns the JSON text of a packet; a packet that is not JSON, as of a custom parser, is returned
 * as it is, for the codec to refuse.
 */
function textOf(packet: readonly unknown[]): unknown {
  try {
    return JSON.stringify(packet)
  } catch {
    return packet
  }
}
