/** How a socket ended. */
export interface CloseInfo {
  /** The close code of RFC 6455 §7.4, 1006 where the connection was simply lost. */
  readonly code: number
  readonly reason: string
  /** What the platform said of it, where it said anything. */
  readonly cause?: unknown
}

/** What a transport tells; nothing comes after `closed`. */
export interface TransportHandlers {
  /** Messages can be sent. */
  opened(): void
  /** A message came: text, or something the codec has to know. */
  message(data: unknown): void
  /** It is over, whether or not it ever opened. */
  closed(info: CloseInfo): void
}

/** One connection that carries messages. */
export interface Transport {
  /** Bytes accepted by `send` that have not left yet. */
  readonly bufferedAmount: number
  send(data: string): void
  /** Ends it at once: from this call on it is silent, whatever the peer does. */
  close(code?: number, reason?: string): void
}

/** Opens transports of one kind. */
export interface TransportFactory {
  readonly name: string
  /** Throws a `bad-url` or `no-websocket` error where trying again makes no sense. */
  open(url: string, protocols: readonly string[], handlers: TransportHandlers): Transport
}
