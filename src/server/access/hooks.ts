import type { IncomingHttpHeaders } from 'node:http'
import type { Position } from '../../protocol/frame.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** The authenticated user of a connection. */
export interface User {
  /** Id of the user, unique for the application. */
  readonly id: string
  /** Name of the user for other users. */
  readonly name?: string | undefined
}

/** Upgrade request and token of a connection, for the hook {@link Authenticate}. */
export interface AuthenticateRequest {
  /** The headers of the upgrade request, cookies among them. */
  readonly headers: IncomingHttpHeaders
  /** Path and query of the request. */
  readonly url: string
  /** The token of the hello, or of the query if the dialect sends it there. */
  readonly token: string | undefined
}

/** The user of a connection, and the expiry of its credentials. */
export interface Identity {
  /** `null` for an anonymous connection. */
  readonly user: User | null
  /**
   * Time at which the credentials expire, in milliseconds since the Unix epoch (the `exp` of a JWT is in
   * seconds); without it they do not.
   */
  readonly expiresAt?: number | undefined
}

/**
 * Returns the user of a connection, `null` to accept it as anonymous, or an {@link Identity} with
 * an expiry. Any other result refuses the connection.
 */
export type Authenticate = (request: AuthenticateRequest) => Identified | Promise<Identified>

/** The result of the hook {@link Authenticate}; `undefined` refuses. */
export type Identified = User | Identity | null | undefined

/** Decides whether an upgrade request is accepted; only `true` allows. */
export type CanConnect = (request: UpgradeRequest) => boolean | Promise<boolean>

/** Decides whether a channel name is valid; only `true` allows. */
export type ValidateChannel = (channel: string) => boolean

/** An action on a channel that needs permission. */
export type ChannelAction = 'subscribe' | 'publish' | 'request' | 'presence'

/**
 * Decides whether a user (`null`: anonymous) may perform an action; only `true` allows, and for
 * `subscribe` a {@link SubscribeGrant}.
 *
 * `params` are the parameters that the client gave the subscribe, `undefined` without. Nothing about
 * them is checked.
 */
export type Authorize = (
  user: User | null,
  channel: string,
  action: ChannelAction,
  params: unknown,
) => Permission | Promise<Permission>

/** The result of the hook {@link Authorize}; a {@link SubscribeGrant} only allows to subscribe. */
export type Permission = boolean | SubscribeGrant

/**
 * The permission to subscribe to a channel without the events from before the grant. A client that
 * resumes earlier has a gap.
 */
export interface SubscribeGrant {
  /**
   * A time: no event up to the last one with an older `timestamp` is sent again. Or a position in
   * the channel's history: no event up to it is; where that history was lost, no event at all.
   */
  readonly since: Date | Position
}

/** An event about to be delivered to a subscriber. */
export interface ReceivableEvent {
  /** Type of the event. */
  readonly type: string
  /** Must not be changed: all receivers share this object. */
  readonly payload: unknown
  /** Id of the event, if it has one. */
  readonly id: string | undefined
  /** Time of publishing, in milliseconds since the Unix epoch. */
  readonly timestamp: number
}

/**
 * Decides whether a subscriber (`null`: anonymous) receives an event; only `true` allows.
 *
 * @param channel the channel of the event, even if the subscription is to a family
 */
export type CanReceive = (user: User | null, channel: string, event: ReceivableEvent) => boolean

/**
 * Decides whether a viewer (`null`: anonymous) may see that a user is present at a resource; only
 * `true` allows. It is called for every snapshot and event, so the result should depend only on the
 * viewer, the member and the resource.
 */
export type CanSee = (viewer: User | null, member: User, resource: string) => boolean
