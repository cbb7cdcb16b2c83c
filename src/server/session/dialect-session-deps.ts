import type { Clock } from '../../base/clock.ts'
import type { ChannelManager } from '../channels/channel-manager.ts'
import type { Counters } from '../metrics/counters.ts'
import type { ConnectionPresenceDeps } from '../presence/connection-presence.ts'
import type { RunOnceDeps } from '../requests/deduplicate.ts'
import type { Sender } from '../requests/sender.ts'
import type { MessageParts } from '../socket/message-parts.ts'
import type { FrameWriterDeps } from './frame-writer.ts'
import type { InboundLimiterDeps } from './inbound-limiter.ts'
import type { SilenceTimes } from './liveness.ts'
import type { MountHost } from './mount.ts'
import type { SessionRegistry } from './session-registry.ts'

/** The dependencies that the dialect sessions of a server share. */
export interface DialectSessionDeps {
  readonly clock: Clock
  /** Time limit for the hello and its authentication, in milliseconds. */
  readonly helloTimeoutMs: number
  /** Silence after which a connection with presence is pinged, and closed, in milliseconds. */
  readonly silence: SilenceTimes
  readonly channels: ChannelManager
  readonly sessions: SessionRegistry
  readonly authenticate: MountHost['authenticate']
  /** Returns the text to put before the ids of a sender's events. */
  readonly eventTag: (sender: Sender) => string
  readonly writer: FrameWriterDeps
  readonly parts: MessageParts
  readonly limiter: InboundLimiterDeps
  readonly requests: RunOnceDeps
  readonly presence: ConnectionPresenceDeps
  readonly counters: Counters
  /** Receives errors that no caller receives; never throws. */
  report(error: unknown): void
}
