/** One accepted WebSocket, as connections see it. */
export interface Socket {
  /** Bytes accepted by `send` that have not left yet. */
  readonly bufferedAmount: number
  /** Sends a text; does nothing once it is closing. */
  send(text: string): void
  /** Asks the peer for a sign of life, below its application: a ping of RFC 6455 §5.5.2. */
  ping(): void
  /** Starts the closing handshake; a peer that does not answer within a second is cut. */
  close(code: number, reason: string): void
}

/** What a socket tells; nothing comes after `closed`. */
export interface SocketHandlers {
  /** A text frame, and how many bytes it had. */
  text(text: string, bytes: number): void
  /** A binary frame. */
  binary(): void
  /** A sign of life that says nothing, such as the answer to a ping. */
  alive?(): void
  /** It is over. */
  closed(): void
}
