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

/** How a server is drained. */
export interface DrainOptions {
  /**
   * When the connections that are left are closed, in milliseconds from now.
   * @default 30_000
   */
  readonly deadlineMs?: number | undefined
  /**
   * Within what time the clients move, each at a moment of its own, in milliseconds from now.
   * @default 10_000
   */
  readonly windowMs?: number | undefined
  /**
   * Why, for people.
   * @default 'the server restarts'
   */
  readonly reason?: string | undefined
}

/** The values of options that are not given. */
export const drainDefaults = {
  deadlineMs: 30_000,
  windowMs: 10_000,
  reason: 'the server restarts',
} as const
