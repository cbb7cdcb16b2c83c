import type { IncomingHttpHeaders } from 'node:http'
import type { GoawayFrame } from '../wire/frame.ts'
import type { Join } from './batch.ts'
import type { ServerCore } from './core.ts'
import type { User } from './options.ts'
import type { Socket, SocketHandlers } from './socket.ts'

/** An upgrade request that found its mount. */
export interface MountRequest {
  readonly headers: IncomingHttpHeaders
  /** Path and query, as sent. */
  readonly url: string
  readonly query: URLSearchParams
  /** What stands for the `:name` parts of the mount's path. */
  readonly params: ReadonlyMap<string, string>
}

/** A plain HTTP answer instead of an upgrade. */
export interface HttpRefusal {
  readonly status: number
  /** Why, as the response's body. */
  readonly reason: string
  /** The soonest it makes sense to ask again, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined
}

/** What a server tells of one connection. */
export interface ConnectionInfo {
  readonly id: string
  /** The name of its dialect. */
  readonly dialect: string
  /** `null` for nobody in particular, `undefined` while that is not settled. */
  readonly user: User | null | undefined
  /** The channels it is subscribed to. */
  readonly channels: readonly string[]
}

/** One connection of a mount. */
export interface Session extends SocketHandlers {
  /** What it is at this moment. */
  info(): ConnectionInfo
  /** Whether it has no channel and nothing under way. */
  readonly resting?: boolean
  /**
   * Asks its client to move to another server; a session that has no word for it goes without.
   *
   * @param rested called whenever it has come to rest since
   */
  drain?(notice: GoawayFrame, rested: () => void): void
}

/** What is spoken at one path of a server. */
export interface Mount {
  /** The WebSocket subprotocols it knows; a client may offer none. */
  readonly protocols: readonly string[]
  /** Several texts as one frame, where clients take that; without, every text is a frame. */
  readonly join?: Join
  /** Called once, when it is mounted. */
  mounted?(core: ServerCore): void
  /** Why a request is not upgraded at all. */
  refuse?(request: MountRequest): HttpRefusal | undefined
  /** Takes a socket that was just accepted. */
  open(socket: Socket, request: MountRequest, core: ServerCore): Session
}
