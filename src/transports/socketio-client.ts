import type { CloseInfo, TransportFactory } from '../ports/transport.ts'

/** What wirefold uses of an instance of socket.io-client 4. */
export interface SocketIoLike {
  /** Whether the namespace has let us in. */
  readonly connected: boolean
  /** Whether the instance is connecting, or would by itself; not after a refusal. */
  readonly active: boolean
  /** Connects; does nothing where it is connected. */
  connect(): unknown
  /** Disconnects, and has the instance rest until it is connected again. */
  disconnect(): unknown
  /** Sends an event; a function behind its arguments receives the acknowledgement. */
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

/** Says that the server has put us out on purpose; for the dialect that is the end. */
const PUT_OUT = 1008
/** Says that the server does not know us: credentials are asked for once more. */
const NOT_LET_IN = 4401

/**
 * A transport over an instance of socket.io-client that the application made: with its options, its
 * credentials, and its polling where there is no WebSocket.
 *
 * The instance is the client's from then on. When there is a next attempt is the client's decision,
 * as with every transport: the instance is told to rest whenever it has lost its connection, whatever
 * its own options say. Its address is its own too; that of the client is not looked at.
 *
 * @example
 * const client = new RealtimeClient('https://api.example.com', {
 *   dialect: socketio,
 *   transport: socketioClient(io('https://api.example.com', { autoConnect: false })),
 * })
 */
export function socketioClient(socket: SocketIoLike): TransportFactory {
  /** Makes the transport that has the instance now silent: there is never more than one. */
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
        else end({ code: NOT_LET_IN, reason: cause.message, cause })
      }
      const lost = (reason: string): void => {
        if (reason.startsWith('io ')) end({ code: PUT_OUT, reason })
        else end({ code: 1006, reason: '', cause: reason })
      }
      const heard = (...packet: readonly unknown[]): void => {
        // What follows the arguments is how to acknowledge them, which is the application's business.
        message(packet.filter((value) => typeof value !== 'function'))
      }
      const letGo = (): void => {
        if (!live) return
        live = false
        socket.off('connect', opened)
        socket.off('connect_error', refused)
        socket.off('disconnect', lost)
        socket.offAny(heard)
        socket.disconnect()
      }
      const end = (info: CloseInfo): void => {
        letGo()
        handlers.closed(info)
      }
      release = letGo
      socket.on('connect', opened)
      socket.on('connect_error', refused)
      socket.on('disconnect', lost)
      socket.onAny(heard)
      // Later: nothing is told before this has returned, and an end that is just being told is over.
      queueMicrotask(() => {
        if (!live) return
        if (socket.connected) handlers.opened()
        // It may be connecting already, by its `autoConnect`; to ask twice would connect it twice.
        else if (!socket.active) socket.connect()
      })
      return {
        // The instance does not tell.
        bufferedAmount: 0,
        send(data) {
          // It would keep what it cannot send, and send it on the next connection.
          if (live && socket.connected) say(socket, JSON.parse(data), message)
        },
        close: letGo,
      }
    },
  }
}

/** Says a packet of the dialect in the words of the instance. */
function say(
  socket: SocketIoLike,
  packet: unknown,
  answered: (packet: readonly unknown[]) => void,
): void {
  if (!Array.isArray(packet)) return
  const [first, ...rest]: readonly unknown[] = packet
  if (typeof first === 'string') socket.emit(first, ...rest)
  else {
    const [name, ...args] = rest
    socket.emit(String(name), ...args, (...said: unknown[]) => answered([first, ...said]))
  }
}

/** What the codec reads; it refuses what cannot be JSON, as a parser of the application's may give it. */
function textOf(packet: readonly unknown[]): unknown {
  try {
    return JSON.stringify(packet)
  } catch {
    return packet
  }
}
