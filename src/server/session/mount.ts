import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import type { GoawayFrame } from '../../protocol/frame.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { ChannelAction, Identity, User } from '../access/hooks.ts'
import type { HttpRefusal, UpgradeRequest } from '../access/upgrade-request.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelManager } from '../channels/channel-manager.ts'
import type { Join } from '../socket/frame-batch.ts'
import type { Socket, SocketHandlers } from '../socket/socket.ts'

/** What is spoken at one path of a server. */
export interface Mount {
  /** The WebSocket subprotocols it knows; a client may offer none. */
  readonly protocols: readonly string[]
  /** Several texts as one frame, where clients take that; without, every text is a frame. */
  readonly join?: Join
  /** Called once, when it is mounted. */
  mounted?(host: MountHost): void
  /** Called once, when the server it was mounted at has closed; it may be mounted at another then. */
  unmounted?(host: MountHost): void
  /** Why a request is not upgraded at all. */
  refuse?(request: UpgradeRequest): HttpRefusal | undefined
  /** Takes a socket that was just accepted. */
  open(socket: Socket, request: UpgradeRequest, host: MountHost): MountSession
}

/** What a mount may use of its server. */
export interface MountHost {
  readonly clock: Clock
  readonly channels: ChannelManager
  /** How long a connection may take to authenticate, in milliseconds. */
  readonly helloTimeoutMs: number
  /**
   * Opens a session for a client that greets first, as in the native protocol. It serves requests,
   * presence and the limits of the server by itself.
   */
  openSession(dialect: ServerDialect, socket: Socket, request: UpgradeRequest): MountSession
  /**
   * Asks the application for the user of a request, and limits failures per address. Never rejects.
   *
   * @returns the user and the term of the credentials, or why there is none
   */
  authenticate(request: UpgradeRequest, token: string | undefined): Promise<Identity | Refusal>
  /** Asks the application whether a user may do something with a channel. Never rejects. */
  authorize(user: User | null, channel: string, action: ChannelAction): Promise<boolean>
  /**
   * Counts a session for its user, which is known from now on.
   *
   * @returns false where the user has as many connections as one user may have
   */
  admit(session: MountSession, user: User | null): boolean
  /** Ends what {@link admit} began; does nothing for a session that was not admitted. */
  leave(session: MountSession): void
  /** Makes what limits the messages of one connection. */
  limiter(): MessageLimiter
  /** Counts a refusal in the statistics of the server. */
  refused(code: string): void
  /** Takes an error that no caller receives; never throws. */
  report(error: unknown): void
}

/** Limits the messages of one connection. */
export interface MessageLimiter {
  /** Counts the messages from now on for a user too. */
  belongsTo(userId: string | undefined): void
  /** Counts a message; false where the connection has sent too many too fast, and has to be closed. */
  take(bytes: number): boolean
}

/** One connection of a mount. */
export interface MountSession extends SocketHandlers {
  /** What it is at this moment. */
  info(): SessionInfo
  /**
   * When the peer gave its last sign of life, on the monotonic clock; a session that does not record
   * that leaves it to the server.
   */
  readonly seenAt?: number
  /** Whether it has no channel and nothing under way. */
  readonly resting?: boolean
  /**
   * Asks its client to move to another server; a session that has no word for it goes without.
   *
   * @param rested called whenever it has come to rest since
   */
  drain?(notice: GoawayFrame, rested: () => void): void
  /** Takes an event that has no place in a history; a session that has no word for it goes without. */
  tell?(event: ChannelEvent): void
  /** Takes a channel away from its client; one it is not subscribed to does not matter. */
  revoke?(channel: string): void
}

/** What a session tells of itself. */
export interface SessionInfo {
  readonly id: string
  /** The name of its dialect. */
  readonly dialect: string
  /** `null` for nobody in particular, `undefined` while that is not settled. */
  readonly user: User | null | undefined
  /** The channels it is subscribed to. */
  readonly channels: readonly string[]
}

/** What a server tells of one connection. */
export interface ConnectionInfo extends SessionInfo {
  /** When its socket was opened, in milliseconds since the Unix epoch. */
  readonly connectedAt: number
  /** When it gave its last sign of life, in milliseconds since the Unix epoch. */
  readonly lastHeartbeat: number
}
