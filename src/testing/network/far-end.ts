import type { CloseInfo } from '../../ports/transport.ts'

/** A direction of a connection. */
export type Way = 'to-client' | 'to-server' | 'both'

/** Options of {@link FarEnd.cut}. */
export interface CutOptions {
  /**
   * Time after which the far end receives what the client had sent before, and then the end of the
   * connection, in milliseconds: by then the client may have reconnected.
   * @default none: data in transit is lost, and both ends close at once
   */
  readonly lateMs?: number
}

/** The end of a connection that a server reads and writes as text. */
export interface ServedSocket {
  /** Address that the client opened. */
  readonly url: string
  /** Called with every message of the client that is text. */
  onMessage: ((data: string) => void) | undefined
  /** Called once, when the connection has ended. */
  onClose: ((info: CloseInfo) => void) | undefined
  /** Sends a message to the client. */
  send(data: unknown): void
  /** Ends the connection from this side. */
  close(code?: number, reason?: string): void
}

/** The far end of an in-memory connection. */
export interface FarEnd extends ServedSocket {
  /** Subprotocols that the near end offered. */
  readonly protocols: readonly string[]
  /** All messages that the near end has sent as text. */
  readonly received: readonly string[]
  /** All messages that the near end has sent as bytes. */
  readonly receivedBytes: readonly Uint8Array[]
  /** The end of the connection, by either side, or undefined. */
  readonly closed: CloseInfo | undefined
  /** Number of bytes on their way to the near end. */
  readonly bufferedAmount: number
  /** If true, nothing gets through on this connection in either direction, without any error. */
  frozen: boolean
  /** Called with every message of the near end that is bytes. */
  onBytes: ((data: Uint8Array) => void) | undefined
  /** Opens the near end, if the pair does not do so by itself. */
  accept(): void
  /** Sends a message to the near end; one that is sent before the near end is open arrives as it opens. */
  send(data: unknown): void
  /** Cuts the connection without a closing handshake: the near end sees 1006 at once. */
  cut(options?: CutOptions): void
  /** Ends both directions after the data in transit, without a closing handshake: both ends see 1006. */
  finish(): void
  /** Holds back data until the returned function is called. */
  hold(way: Way): () => void
}
