/** What a client has lived through, as it is at this moment. */
export interface ClientStats {
  /** How often it was connected. */
  readonly opens: number
  /** How often it was connected again after a loss. */
  readonly reconnects: number
  /** How long the present connection is open, in milliseconds; 0 where it is not. */
  readonly uptimeMs: number
  /** The last round trip, in milliseconds, once there was one on the present connection. */
  readonly lastRttMs: number | undefined
  /** The smoothed round trip (RFC 6298), in milliseconds. */
  readonly smoothedRttMs: number | undefined
  /** What to add to our wall clock to get the server's, in milliseconds, by the last pong. */
  readonly clockOffsetMs: number | undefined
  /** How long an event lately travelled from the server to here, in milliseconds. */
  readonly eventLatencyMs: number | undefined
  /** Requests that wait to be sent. */
  readonly queued: number
  /** Requests that were sent and wait for their answer. */
  readonly sent: number
  /** Requests that a full outbox has cost. */
  readonly dropped: number
  /** Handlers of channels. */
  readonly handlers: number
}
