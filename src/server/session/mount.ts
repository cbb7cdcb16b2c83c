import type { GoawayFrame } from '../../protocol/frame.ts'
import type { User } from '../access/hooks.ts'
import type { HttpRefusal, UpgradeRequest } from '../access/upgrade-request.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ServerCore } from '../server-parts.ts'
import type { Join } from '../socket/frame-batch.ts'
import type { Socket, SocketHandlers } from '../socket/socket.ts'

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

/** One connection of a mount. */
export interface MountSession extends SocketHandlers {
  /** What it is at this moment. */
  info(): SessionInfo
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

/** What is spoken at one path of a server. */
export interface Mount {
  /** The WebSocket subprotocols it knows; a client may offer none. */
  readonly protocols: readonly string[]
  /** Several texts as one frame, where clients take that; without, every text is a frame. */
  readonly join?: Join
  /** Called once, when it is mounted. */
  mounted?(core: ServerCore): void
  /** Called once, when the server it was mounted at has closed; it may be mounted at another then. */
  unmounted?(core: ServerCore): void
  /** Why a request is not upgraded at all. */
  refuse?(request: UpgradeRequest): HttpRefusal | undefined
  /** Takes a socket that was just accepted. */
  open(socket: Socket, request: UpgradeRequest, core: ServerCore): MountSession
}
