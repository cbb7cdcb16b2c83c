/** Present values and totals since the start, of one server. */
export interface ServerStats {
  /** Time since the server was created, in milliseconds. */
  readonly uptimeMs: number
  /** Open connections. */
  readonly connections: number
  /** Users with at least one connection. */
  readonly users: number
  /** Channels with at least one member on this server. */
  readonly channels: number
  /** Subscriptions of all connections. */
  readonly subscriptions: number
  /** Connections opened so far. */
  readonly opens: number
  /** Connections closed so far. */
  readonly closes: number
  /** Mean lifetime of closed connections, in milliseconds. */
  readonly lifetimeMs: number
  /** Messages received so far. */
  readonly received: number
  /** Messages sent so far. */
  readonly sent: number
  /** Refused messages, channels and upgrades so far, by error code. */
  readonly refusals: Readonly<Record<string, number>>
  /** Connections that read too slowly: live events are withheld from them. */
  readonly slowConsumers: number
  /** Events withheld from slow consumers so far. */
  readonly withheldEvents: number
  /** Slow consumers closed so far. */
  readonly closedSlowConsumers: number
  /** Events not published so far, because their channel exceeded its rate. */
  readonly droppedBroadcasts: number
  /** Events and requests so far of a type that the contract of the server does not have. */
  readonly unlistedTypes: number
  /** Connections so far of clients whose contract is another one than that of the server. */
  readonly contractDifferences: number
}
