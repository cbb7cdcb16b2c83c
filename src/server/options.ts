import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { printError } from '../base/report.ts'
import type { Broker } from './broker.ts'

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

/** Tells who is there: a user, or `null` for nobody in particular; anything else is a refusal. */
export type Authenticate = (
  request: AuthenticateRequest,
) => User | null | undefined | Promise<User | null | undefined>

/** What a client may be allowed to do with a channel. */
export type ChannelAction = 'subscribe' | 'publish' | 'request' | 'presence'

/** Tells whether a user (`null` for nobody in particular) may do something; only `true` is a yes. */
export type Authorize = (
  user: User | null,
  channel: string,
  action: ChannelAction,
) => boolean | Promise<boolean>

/** An event on its way to somebody. */
export interface DueEvent {
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
export type CanReceive = (user: User | null, channel: string, event: DueEvent) => boolean

/**
 * Tells whether somebody (`null` for nobody in particular) may know that a user is at a resource; only
 * `true` is a yes. It is asked once for each time something is told, so the answer is to depend on who
 * they are and where, not on the moment.
 */
export type CanSee = (viewer: User | null, member: User, resource: string) => boolean

/** How long somebody counts as being somewhere. */
export interface ServerPresenceOptions {
  /**
   * How long the members of a closed connection stay for another one to take them over, in
   * milliseconds.
   * @default 15_000
   */
  readonly graceMs?: number | undefined
  /**
   * After how long a silence a connection that holds members is asked for a sign of life, in
   * milliseconds.
   * @default 15_000
   */
  readonly pingMs?: number | undefined
  /**
   * After how long a silence its members are gone, in milliseconds; the connection is closed with
   * them. Within the same time the members of a server that died are gone.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined
}

/** What one connection may ask for, and how long its answers are kept. */
export interface ServerLimits {
  /**
   * The most channels one connection is subscribed to, and the most places its user is in.
   * @default 50
   */
  readonly subscriptions?: number | undefined
  /**
   * The largest frame, in bytes.
   * @default 65_536
   */
  readonly frameBytes?: number | undefined
  /**
   * How long the answer to a request is remembered for whoever repeats it, in milliseconds.
   * @default 600_000
   */
  readonly dedupeMs?: number | undefined
}

/** How a `RealtimeServer` is made. */
export interface RealtimeServerOptions {
  /**
   * Tells who is there. Throwing is a refusal.
   * @default everybody is anonymous
   */
  readonly authenticate?: Authenticate | undefined
  /**
   * Asked before every subscribe and publish, before somebody is somewhere or tells another meta, and
   * before requests that name a channel. Throwing, anything but `true`, or no answer within 5 seconds
   * is a no.
   * @default everything is allowed but publishing
   */
  readonly authorize?: Authorize | undefined
  /**
   * Asked for every event and every subscriber it is due to. Throwing is a no. What is kept from a
   * subscriber leaves no hole: they are told which event they got before.
   * @default every subscriber gets every event
   */
  readonly canReceive?: CanReceive | undefined
  /**
   * Asked for every user at a resource and everybody who watches it. Throwing is a no. Users always
   * see themselves.
   * @default whoever may watch sees everybody
   */
  readonly canSee?: CanSee | undefined
  /** How long somebody counts as being somewhere. */
  readonly presence?: ServerPresenceOptions | undefined
  /**
   * The origins whose pages may connect, as `https://app.example.com`, compared exactly; a request
   * without an `Origin` header comes from no page and is let through.
   * @default every origin
   */
  readonly origins?: readonly string[] | undefined
  /**
   * The families: with `agent`, `agent:*` is a channel that carries the events of all `agent:…`.
   * @default none
   */
  readonly families?: readonly string[] | undefined
  /**
   * Keeps histories and connects servers; whoever passes one closes it.
   * @default a `MemoryBroker`, which the server closes
   */
  readonly broker?: Broker | undefined
  /**
   * How long a connection may take to say who it is, in milliseconds.
   * @default 10_000
   */
  readonly helloTimeoutMs?: number | undefined
  /**
   * How often the server wants to hear from a client, in milliseconds.
   * @default 25_000
   */
  readonly heartbeatMs?: number | undefined
  /** What one connection may ask for, and how long its answers are kept. */
  readonly limits?: ServerLimits | undefined
  /**
   * Receives what hooks and handlers threw.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * Where time comes from.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/** The values of options that are not given. */
export const serverDefaults = {
  families: [] as readonly string[],
  helloTimeoutMs: 10_000,
  heartbeatMs: 25_000,
  limits: { subscriptions: 50, frameBytes: 65_536, dedupeMs: 600_000 },
  presence: { graceMs: 15_000, pingMs: 15_000, timeoutMs: 30_000 },
  onError: printError,
  clock: systemClock,
} as const

/** Options with nothing left open; `undefined` where that means something. */
export interface ResolvedServerOptions {
  readonly authenticate: Authenticate | undefined
  readonly authorize: Authorize | undefined
  readonly canReceive: CanReceive | undefined
  readonly canSee: CanSee | undefined
  readonly presence: {
    readonly graceMs: number
    readonly pingMs: number
    readonly timeoutMs: number
  }
  readonly origins: readonly string[] | undefined
  readonly families: readonly string[]
  readonly helloTimeoutMs: number
  readonly heartbeatMs: number
  readonly limits: {
    readonly subscriptions: number
    readonly frameBytes: number
    readonly dedupeMs: number
  }
  readonly onError: (error: unknown) => void
  readonly clock: Clock
}

/** Fills in the defaults; an explicit `undefined` keeps them. */
export function resolveServerOptions(options: RealtimeServerOptions): ResolvedServerOptions {
  const { limits, presence } = serverDefaults
  return {
    authenticate: options.authenticate,
    authorize: options.authorize,
    canReceive: options.canReceive,
    canSee: options.canSee,
    presence: {
      graceMs: options.presence?.graceMs ?? presence.graceMs,
      pingMs: options.presence?.pingMs ?? presence.pingMs,
      timeoutMs: options.presence?.timeoutMs ?? presence.timeoutMs,
    },
    origins: options.origins,
    families: options.families ?? serverDefaults.families,
    helloTimeoutMs: options.helloTimeoutMs ?? serverDefaults.helloTimeoutMs,
    heartbeatMs: options.heartbeatMs ?? serverDefaults.heartbeatMs,
    limits: {
      subscriptions: options.limits?.subscriptions ?? limits.subscriptions,
      frameBytes: options.limits?.frameBytes ?? limits.frameBytes,
      dedupeMs: options.limits?.dedupeMs ?? limits.dedupeMs,
    },
    onError: options.onError ?? serverDefaults.onError,
    clock: options.clock ?? serverDefaults.clock,
  }
}
