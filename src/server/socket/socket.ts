/** A socket with batching and back-pressure, as sessions use it. */
export interface Socket extends PlainSocket {
  /**
   * Sends a text that the peer can recover by other means, unless the peer is congested.
   *
   * @returns false if the text was withheld; notify the peer of it after {@link drained}
   */
  sendDroppable(text: string): boolean
  /** Resolves once the peer is no longer congested, or gone; `undefined` if it is not congested. */
  drained(): Promise<void> | undefined
}

/** A connection that carries texts to one peer. */
export interface PlainSocket {
  /** Bytes passed to `send` that the system has not taken yet. */
  readonly bufferedAmount: number
  /** Sends a text; does nothing once the socket is closing. */
  send(text: string): void
  /** Sends a WebSocket ping (RFC 6455, section 5.5.2). */
  ping?(): void
  /** Starts the closing handshake; a peer that does not answer within a second is disconnected. */
  close(code: number, reason: string): void
  /** Releases everything queued, because the connection is closed. */
  end?(): void
}

/** The WebSocket below a {@link Socket}. */
export interface RawSocket {
  /** Bytes accepted by `write` that the system has not taken yet. */
  readonly bufferedAmount: number
  /**
   * Writes whole frames; does nothing once the socket is closing.
   *
   * @param taken called once the system has taken the bytes
   */
  write(bytes: Uint8Array, taken?: () => void): void
  /** Stops reading from the peer until {@link resume}. */
  pause(): void
  /** Continues reading from the peer. */
  resume(): void
  /** Sends a WebSocket ping (RFC 6455, section 5.5.2). */
  ping?(): void
  /** Starts the closing handshake; a peer that does not answer within a second is disconnected. */
  close(code: number, reason: string): void
}

/** Callbacks of a socket; none is called after `closed`. */
export interface SocketHandlers {
  /** Called with a text message and its size in bytes. */
  text(text: string, bytes: number): void
  /** Called for a binary message. */
  binary(): void
  /** Called for bytes that arrived, before the message that they may complete. */
  received?(bytes: number): void
  /**
   * Called for a WebSocket ping or pong, which counts as a message.
   *
   * @param bytes the size of its payload; default 0
   */
  alive?(bytes?: number): void
  /** Called when the peer reads too slowly; ends the connection with 1013. */
  slow?(): void
  /**
   * Called when the connection is closed.
   *
   * @param byPeer whether the peer has closed it, with a closing handshake; default false
   */
  closed(byPeer?: boolean): void
}
