import type { IncomingHttpHeaders } from 'node:http'
import type { UpgradeRequest } from './upgrade-request.ts'

/** Who is on the other end of a connection. */
export interface User {
  readonly id: string
  readonly name?: string | undefined
}

/** What a connection shows of itself before anybody knows who it is. */
export interface AuthenticateRequest {
  /** The headers of the upgrade request, cookies among them. */
  readonly headers: IncomingHttpHeaders
  /** Its path and query. */
  readonly url: string
  /** The token of the greeting, or of the query where the dialect puts it there. */
  readonly token: string | undefined
}

/** Who is there, and for how long that holds. */
export interface Identity {
  /** `null` for nobody in particular. */
  readonly user: User | null
  /**
   * When the credentials expire, in milliseconds since the Unix epoch (the `exp` of a JWT is in
   * seconds); without it they do not.
   */
  readonly expiresAt?: number | undefined
}

/**
 * Tells who is there: a user, `null` for nobody in particular, or either of them with the time when
 * that expires; anything else is a refusal.
 */
export type Authenticate = (request: AuthenticateRequest) => Identified | Promise<Identified>

/** What a hook that is asked who is there may return. */
export type Identified = User | Identity | null | undefined

/** Tells whether a request to connect may become a socket at all; only `true` is a yes. */
export type CanConnect = (request: UpgradeRequest) => boolean | Promise<boolean>

/** Tells whether a name may be that of a channel; only `true` is a yes. */
export type ValidateChannel = (channel: string) => boolean

/** What a client may be allowed to do with a channel. */
export type ChannelAction = 'subscribe' | 'publish' | 'request' | 'presence'

/** Tells whether a user (`null` for nobody in particular) may do something; only `true` is a yes. */
export type Authorize = (
  user: User | null,
  channel: string,
  action: ChannelAction,
) => boolean | Promise<boolean>

/** An event on its way to somebody. */
export interface ReceivableEvent {
  readonly type: string
  /** Not to be changed: it is the same object for all receivers. */
  readonly payload: unknown
  readonly id: string | undefined
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
}

/**
 * Tells whether a subscriber (`null` for nobody in particular) gets an event; only `true` is a yes.
 *
 * @param channel where it happened, also where it is delivered through a family
 */
export type CanReceive = (user: User | null, channel: string, event: ReceivableEvent) => boolean

/**
 * Tells whether somebody (`null` for nobody in particular) may know that a user is at a resource; only
 * `true` is a yes. It is asked once for each time something is told, so the answer is to depend on who
 * they are and where, not on the moment.
 */
export type CanSee = (viewer: User | null, member: User, resource: string) => boolean
