/** A connection that carries messages. */
export interface Transport {
  /** Bytes accepted by `send` that have not been sent yet. */
  readonly bufferedAmount: number
  send(data: string): void
  /**
   * Ends the connection at once: from this call on no callback is called, even if the peer sends.
   */
  close(code?: number, reason?: string): void
}

/** Opens transports of one kind. */
export interface TransportFactory {
  readonly name: string
  /** Opens a connection; throws a `bad-url` or `no-websocket` error if a retry makes no sense. */
  open(url: string, protocols: readonly string[], handlers: TransportHandlers): Transport
}

/** Callbacks of a transport; none is called after `closed`. */
export interface TransportHandlers {
  /** Called when messages can be sent. */
  opened(): void
  /** Called for each message: text, or other data for the codec to check. */
  message(data: unknown): void
  /** Called when the connection has ended, whether or not it ever opened. */
  closed(info: CloseInfo): void
}

/** The end of a socket. */
export interface CloseInfo {
  /** Close code of RFC 6455 §7.4; 1006 if the connection was simply lost. */
  readonly code: number
  readonly reason: string
  /** Error or event of the platform, if there was one. */
  readonly cause?: unknown
}
