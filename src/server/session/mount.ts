import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import type { Command, MalformedCommand } from '../../protocol/command.ts'
import type { GoawayFrame } from '../../protocol/frame.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { ChannelAction, Identity, User } from '../access/hooks.ts'
import type { HttpRefusal, UpgradeRequest } from '../access/upgrade-request.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelManager } from '../channels/channel-manager.ts'
import type { ChannelReceiver } from '../channels/channel-receiver.ts'
import type { Socket, SocketHandlers } from '../socket/socket.ts'
import type { ReadSnapshot } from './snapshot.ts'

/** The protocol that a server speaks at one path. */
export interface Mount {
  /** The supported WebSocket subprotocols; a client may offer none. */
  readonly protocols: readonly string[]
  /** Joins texts into one frame, if clients support that; without it, each text is a frame. */
  readonly join?: ServerDialect['join']
  /** Called once, when the mount is added to a server. */
  mounted?(host: MountHost): void
  /** Called once, when the server has closed; the mount may be added to another server then. */
  unmounted?(host: MountHost): void
  /** Returns a refusal if a request must not be upgraded. */
  refuse?(request: UpgradeRequest): HttpRefusal | undefined
  /** Opens a session for a socket that was just accepted. */
  open(socket: Socket, request: UpgradeRequest, host: MountHost): MountSession
}

/** The port through which a mount uses its server. */
export interface MountHost {
  /** Clock of the server. */
  readonly clock: Clock
  /** Broker of the server. */
  readonly broker: Broker
  /** Channels of the server. */
  readonly channels: ChannelManager
  /** Time limit for the authentication of a connection, in milliseconds. */
  readonly helloTimeoutMs: number
  /**
   * Opens a session for a client of a dialect. The session handles requests and presence, and applies
   * the limits of the server.
   */
  openSession(
    dialect: ServerDialect,
    socket: Socket,
    request: UpgradeRequest,
    options?: SessionOptions,
  ): MountSession
  /**
   * Asks the application for the user of a request, and limits the attempts per address. Never
   * rejects.
   *
   * @param wanted returns false once the connection is closed; the attempt then leaves the queue.
   * Default always true
   * @returns the user and the expiry of the credentials, or the refusal
   */
  authenticate(
    request: UpgradeRequest,
    token: string | undefined,
    wanted?: () => boolean,
  ): Promise<Identity | Refusal>
  /**
   * Asks the application whether a user may do something with a channel. A subscribe that is allowed
   * with a part of the past only counts as denied: {@link ChannelManager.join} knows that part.
   * Never rejects.
   */
  authorize(user: User | null, channel: string, action: ChannelAction): Promise<boolean>
  /**
   * Registers a session under its user, once that is authenticated.
   *
   * @returns false if the user has reached the limit of connections
   */
  admit(session: MountSession, user: User | null): boolean
  /** Undoes {@link admit}; does nothing for a session that was not admitted. */
  leave(session: MountSession): void
  /**
   * Returns a new limiter for the messages of one connection.
   *
   * @param address that of the upgrade request, for which an anonymous connection counts
   */
  limiter(address?: string): MessageLimiter
  /** Counts a refusal in the statistics of the server. */
  refused(code: string): void
  /** Makes the end of the server wait for a step that is under way, such as a last publish. */
  finish(step: Promise<void>): void
  /** Writes a line about a connection to the log. */
  log(message: string): void
  /** Prints a warning for those who run the server; the caller limits how often. */
  warn(text: string): void
  /** Reports an error that no caller receives; never throws. */
  report(error: unknown): void
}

/** Options with which a mount opens the session of a client. */
export interface SessionOptions {
  /**
   * Takes the place of the client's hello, which is then not awaited.
   * @default the client sends a hello first, as in the native protocol
   */
  readonly hello?: { readonly token: string | undefined } | undefined
  /**
   * Reads the state of a channel for a new subscriber.
   * @default channels have no state
   */
  readonly snapshot?: ReadSnapshot | undefined
  /**
   * Called once the client is authenticated, before its first message; returns what the mount adds to
   * the session.
   */
  readonly opened?: ((session: OpenSession) => SessionPart) | undefined
}

/** The session of an authenticated client, as its mount uses it. */
export interface OpenSession extends ChannelReceiver {
  readonly id: string
  /** Carries out a command as if the client had sent it. */
  run(command: Exclude<Command, MalformedCommand>): void
  /** Ends the connection; does nothing if it has ended. */
  end(code: number, reason: string): void
}

/** The part that a mount adds to a session. */
export interface SessionPart {
  /** Takes a command of the client; returns false to leave it to the session. */
  take(command: Command): boolean
  /** Called when the connection ends. */
  closed(reason: string): void
}

/** A rate limiter for the messages of one connection. */
export interface MessageLimiter {
  /** Applies the limits of a user, or of the address, too, from the next message on. */
  belongsTo(userId: string | undefined): void
  /** Counts a message; returns false if the connection must be closed for exceeding the rates. */
  take(bytes: number): boolean
}

/** One connection of a mount. */
export interface MountSession extends Omit<SocketHandlers, 'closed' | 'slow'> {
  /** Returns the present state of the session. */
  info(): SessionInfo
  /**
   * The time of the last sign of life of the peer, in milliseconds, by the clock's `now()`. Without it,
   * the server records the time.
   */
  readonly seenAt?: number
  /**
   * Whether the session has no request and no other command under way, and no channel; during a drain
   * that cannot ask its client, channels do not count.
   */
  readonly resting?: boolean
  /**
   * Asks the client to move to another server. Optional: not every protocol has such a message.
   *
   * @param rested called whenever `resting` has become true since
   * @returns false if the client's protocol has no such message
   */
  drain?(notice: GoawayFrame, rested: () => void): boolean
  /** Sends an event that is not stored in a history. Optional: not every protocol has one. */
  sendEvent?(event: ChannelEvent): void
  /** Ends the client's subscription to a channel; does nothing if there is none. */
  revoke?(channel: string): void
  /** Sends the protocol's last messages before the server ends the connection; `closed` follows. */
  farewell?(code: number): void
  /**
   * Called when the connection is closed.
   *
   * @param reason that of the server; the default stands for an end by the peer or the network
   * @param byPeer whether the peer has closed it, with a closing handshake; default false
   */
  closed(reason?: string, byPeer?: boolean): void
}

/** The state of a session, as the mount knows it. */
export interface SessionInfo {
  /** Id of the session, which is that of its connection. */
  readonly id: string
  /** The name of its dialect. */
  readonly dialect: string
  /** `null` if anonymous, `undefined` until authenticated. */
  readonly user: User | null | undefined
  /** The subscribed channels. */
  readonly channels: readonly string[]
}

/** The state of a connection, as the server knows it. */
export interface ConnectionInfo extends SessionInfo {
  /** The time its socket was opened, in milliseconds since the Unix epoch. */
  readonly connectedAt: number
  /** The time of the last sign of life, in whole milliseconds since the Unix epoch. */
  readonly lastHeartbeat: number
}
