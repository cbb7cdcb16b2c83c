/** Something that carries texts to one peer. */
export interface PlainSocket {
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount: number
  /** Sends a text; does nothing once it is closing. */
  send(text: string): void
  /** Asks the peer for a sign of life, below the protocol: RFC 6455, section 5.5.2. */
  ping?(): void
  /** Starts the closing handshake; a peer that does not answer within a second is cut. */
  close(code: number, reason: string): void
  /** It is gone: nothing is kept for it any more. */
  end?(): void
}

/** A socket as sessions see it: what they say in one turn leaves together, no faster than it is read. */
export interface Socket extends PlainSocket {
  /**
   * Sends a text that can be had again otherwise, unless too much waits for the peer already.
   *
   * @returns false where it was withheld: the peer is to be told once it has {@link drained}
   */
  sendDroppable(text: string): boolean
  /** Resolves once the peer keeps up again, or is gone; `undefined` where it does keep up. */
  drained(): Promise<void> | undefined
}

/** The bare WebSocket below a {@link Socket}. */
export interface RawSocket {
  /** Bytes accepted by `write` that the system has not taken yet. */
  readonly bufferedAmount: number
  /**
   * Writes whole frames; does nothing once it is closing.
   *
   * @param taken called once the system has taken them
   */
  write(bytes: Uint8Array, taken: () => void): void
  /** Reads nothing from the peer until {@link resume}. */
  pause(): void
  /** Reads from the peer again. */
  resume(): void
  /** Asks the peer for a sign of life, below the protocol: RFC 6455, section 5.5.2. */
  ping?(): void
  /** Starts the closing handshake; a peer that does not answer within a second is cut. */
  close(code: number, reason: string): void
}

/** What a socket tells; nothing comes after `closed`. */
export interface SocketHandlers {
  /** A text frame, and how many bytes it had. */
  text(text: string, bytes: number): void
  /** A binary frame. */
  binary(): void
  /** A sign of life below the protocol: a ping or a pong. */
  alive?(): void
  /** It is over. */
  closed(): void
}
