import type { IncomingHttpHeaders } from 'node:http'

/** The part of a socket of `socket.io` that the bridge uses. */
export interface SocketioSocket {
  /** The first request of the client. */
  readonly handshake: {
    readonly headers: IncomingHttpHeaders
    /** The path and query of the first request. */
    readonly url: string
    /** The address of the peer. */
    readonly address: string
    /** The credentials of the client. */
    readonly auth: unknown
  }
  /** The namespace of the socket. */
  readonly nsp: { readonly name: string }
  /** The connection below the socket. */
  readonly conn: EngineConnection
  /** Adds a listener for the end of the socket. */
  on(event: 'disconnect', listener: (reason: string) => void): unknown
  /** Adds a middleware for the events of the client. */
  use(middleware: EventMiddleware): unknown
  /** Returns the number of the application's own listeners for an event. */
  listenerCount(name: string): number
  /** Sends an event to the client. */
  emit(name: string, ...args: readonly unknown[]): unknown
  /** Ends the socket. */
  disconnect(): unknown
}

/** The connection of Engine.IO below a socket, which the namespaces of its client share. */
export interface EngineConnection {
  /** `open` until either side ends it. */
  readonly readyState: string
  /** Adds a listener for the state of the connection. */
  on(event: 'drain' | 'close', listener: () => void): unknown
  /** Adds a listener for each packet to the client. */
  on(event: 'packetCreate', listener: (packet: EnginePacket) => void): unknown
  /** Removes a listener of the state. */
  off(event: 'drain' | 'close', listener: () => void): unknown
  /** Removes a listener of the packets. */
  off(event: 'packetCreate', listener: (packet: EnginePacket) => void): unknown
  /** Ends the connection. */
  close(): void
}

/** A packet of Engine.IO on its way to the client. */
export interface EnginePacket {
  /** The text or the bytes of the packet. */
  readonly data?: unknown
}

/** A middleware for the events of one socket; the last argument may be an acknowledgement. */
export type EventMiddleware = (
  event: [name: string, ...args: unknown[]],
  next: (error?: Error) => void,
) => void
