import type { IncomingHttpHeaders } from 'node:http'

/** The part of a socket of `socket.io` that the bridge uses. */
export interface SocketioSocket {
  readonly handshake: {
    readonly headers: IncomingHttpHeaders
    /** The path and query of the first request. */
    readonly url: string
    /** The address of the peer. */
    readonly address: string
    /** The credentials of the client. */
    readonly auth: unknown
  }
  readonly nsp: { readonly name: string }
  readonly conn: EngineConnection
  on(event: 'disconnect', listener: (reason: string) => void): unknown
  /** Adds a middleware for the events of the client. */
  use(middleware: EventMiddleware): unknown
  listenerCount(name: string): number
  emit(name: string, ...args: readonly unknown[]): unknown
  disconnect(): unknown
}

/** The connection of Engine.IO below a socket, which the namespaces of its client share. */
export interface EngineConnection {
  /** `open` until either side ends it. */
  readonly readyState: string
  on(event: 'drain' | 'close', listener: () => void): unknown
  on(event: 'packetCreate', listener: (packet: EnginePacket) => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'packetCreate', listener: (packet: EnginePacket) => void): unknown
  close(): void
}

/** A packet of Engine.IO on its way to the client. */
export interface EnginePacket {
  readonly data?: unknown
}

/** A middleware for the events of one socket; the last argument may be an acknowledgement. */
export type EventMiddleware = (
  event: [name: string, ...args: unknown[]],
  next: (error?: Error) => void,
) => void
