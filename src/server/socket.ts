/** One accepted WebSocket, as sessions see it: what they say in one turn leaves together. */
export interface Socket {
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount: number
  /**
   * Sends a text; does nothing once it is closing. A peer that makes the server say a lot and reads
   * nothing of it is cut.
   */
  send(text: string): void
  /**
   * Sends a text that can be had again otherwise, unless too much waits for the peer already.
   *
   * @returns false where it was withheld: the peer is to be told once it has {@link drained}
   */
  offer(text: string): boolean
  /** Resolves once the peer keeps up again, or is gone; `undefined` where it does keep up. */
  drained(): Promise<void> | undefined
  /** Starts the closing handshake; a peer that does not answer within a second is cut. */
  close(code: number, reason: string): void
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
  /** Starts the closing handshake; a peer that does not answer within a second is cut. */
  close(code: number, reason: string): void
}

/** What a socket tells; nothing comes after `closed`. */
export interface SocketHandlers {
  /** A text frame, and how many bytes it had. */
  text(text: string, bytes: number): void
  /** A binary frame. */
  binary(): void
  /** It is over. */
  closed(): void
}
