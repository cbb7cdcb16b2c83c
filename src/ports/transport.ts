import type { Encoded } from '../protocol/codec.ts'
import type { Credentials } from '../protocol/dialect.ts'

/** A connection that carries messages. */
export interface Transport {
  /** Bytes accepted by `send` that have not been sent yet. */
  readonly bufferedAmount: number
  /** Sends a message; called only while the connection is open. */
  send(data: Encoded): void
  /**
   * Ends the connection at once: from this call on no callback is called, even if the peer sends.
   */
  close(code?: number, reason?: string): void
}

/** Opens transports of one kind. */
export interface TransportFactory {
  /** Name of the transport in logs. */
  readonly name: string
  /**
   * Opens a connection; throws an error such as `bad-url` or `no-websocket` if a retry makes no sense.
   *
   * @param url the address, to which the dialect has added what it sends there
   * @param credentials those of the attempt, for a transport that sends headers
   */
  open(
    url: string,
    protocols: readonly string[],
    handlers: TransportHandlers,
    credentials?: Credentials,
  ): Transport
}

/** Callbacks of a transport; none is called after `closed`. */
export interface TransportHandlers {
  /** Called when messages can be sent. */
  opened(): void
  /** Called for each message: text, an `ArrayBuffer`, or other data for the codec to check. */
  message(data: unknown): void
  /** Called when the connection has ended, whether or not it ever opened. */
  closed(info: CloseInfo): void
}

/** The end of a connection. */
export interface CloseInfo {
  /**
   * Close code of RFC 6455 §7.4; 1006 if the connection was simply lost. A transport over HTTP makes it
   * of a status: 4401 of 401.
   */
  readonly code: number
  /** Reason of the peer; empty if it gave none. */
  readonly reason: string
  /** Error or event of the platform, if there was one. */
  readonly cause?: unknown
}
