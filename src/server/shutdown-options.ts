/** How a server closes its sockets. */
export interface ServerCloseOptions {
  /**
   * The close code.
   * @default 1001
   */
  readonly code?: number | undefined
  /**
   * The close reason, at most 123 bytes. Clients read JSON in it: `retryAfterMs` keeps them away for
   * so long, `windowMs` spreads their return.
   * @default 'the server is closing'
   */
  readonly reason?: string | undefined
}

/** The values of options that are not given. */
export const closeDefaults = { code: 1001, reason: 'the server is closing' } as const

/** How a server ends the connection of somebody. */
export interface DisconnectOptions {
  /**
   * The close code: with 4401 the client asks for fresh credentials once, with 4403 it has failed.
   * @default 4401
   */
  readonly code?: number | undefined
  /**
   * The close reason, at most 123 bytes.
   * @default 'signed out'
   */
  readonly reason?: string | undefined
}

/** The values of options that are not given. */
export const disconnectDefaults = { code: 4401, reason: 'signed out' } as const
