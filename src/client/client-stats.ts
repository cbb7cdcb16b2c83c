import type { CheckCounts } from '../ports/client-checks.ts'

/** Counters and timings of a client, as a snapshot; with a contract, also the numbers of mismatches. */
export interface ClientStats extends Partial<CheckCounts> {
  /** Number of connections opened. */
  readonly opens: number
  /** Number of connections opened after a loss. */
  readonly reconnects: number
  /** Age of the present connection, in milliseconds; 0 without one. */
  readonly uptimeMs: number
  /** The last round trip on the present connection, in milliseconds, once there was one. */
  readonly lastRttMs: number | undefined
  /** The smoothed round trip (RFC 6298), in milliseconds. */
  readonly smoothedRttMs: number | undefined
  /** Difference from the client's wall clock to the server's, in milliseconds, by the last pong. */
  readonly clockOffsetMs: number | undefined
  /** Recent travel time of events from the server to the client, in milliseconds. */
  readonly eventLatencyMs: number | undefined
  /** Requests waiting to be sent. */
  readonly queued: number
  /** Requests sent and waiting for their reply. */
  readonly sent: number
  /** Requests rejected because the outbox was full. */
  readonly dropped: number
  /** Messages that do not follow the backend's protocol, each reported as a `bad-frame` error. */
  readonly malformed: number
  /** Number of channel handlers. */
  readonly handlers: number
}
