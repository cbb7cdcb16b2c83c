/** Counts of this moment, and from the start of a server; of this server alone. */
export interface ServerStats {
  /** How long the server exists, in milliseconds. */
  readonly uptimeMs: number
  /** Connections of this moment. */
  readonly connections: number
  /** Users that have a connection. */
  readonly users: number
  /** Channels with at least one member on this server. */
  readonly channels: number
  /** Memberships of all connections. */
  readonly subscriptions: number
  /** Connections that were opened so far. */
  readonly opens: number
  /** Connections that have ended so far. */
  readonly closes: number
  /** How long a connection that has ended lasted, in milliseconds; the mean. */
  readonly lifetimeMs: number
  /** Messages that came so far. */
  readonly received: number
  /** Texts that were sent so far. */
  readonly sent: number
  /** What was refused so far, by code: messages, channels, and upgrades. */
  readonly refusals: Readonly<Record<string, number>>
  /** Connections that do not keep up: live events are withheld from them. */
  readonly slowConsumers: number
  /** Events withheld from slow consumers so far. */
  readonly withheldEvents: number
  /** Slow consumers closed so far. */
  readonly closedSlowConsumers: number
  /** Events not published so far, because their channel had too many. */
  readonly droppedBroadcasts: number
}
