import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { printError } from '../base/report.ts'
import type { BroadcastOverflow } from './broadcast-cap.ts'
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
export type ChannelAction = 'subscribe' | 'publish' | 'request'

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
 * Tells whether a well-formed name is that of one of the application's channels; only `true` is a
 * yes.
 */
export type ValidateChannel = (channel: string) => boolean

/** What one connection may ask for, and how long its answers are kept. */
export interface ServerLimits {
  /**
   * The most channels one connection is subscribed to.
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
   * Asked before every subscribe and publish, and before requests that name a channel. Throwing,
   * anything but `true`, or no answer within 5 seconds is a no.
   * @default subscribing and requests are allowed, publishing is not
   */
  readonly authorize?: Authorize | undefined
  /**
   * Asked for every event and every subscriber it is due to. Throwing is a no. What is kept from a
   * subscriber leaves no hole: they are told which event they got before.
   * @default every subscriber gets every event
   */
  readonly canReceive?: CanReceive | undefined
  /**
   * Asked for every channel that somebody subscribes or publishes to. Throwing is a no, which is
   * answered with `bad-channel`.
   * @default every well-formed name is a channel
   */
  readonly validateChannel?: ValidateChannel | undefined
  /**
   * How many events of one channel are published in a second; those of its family count where they
   * happened.
   * @default Number.POSITIVE_INFINITY
   */
  readonly maxBroadcastsPerSecond?: number | undefined
  /**
   * What happens to an event that is one too many: `drop` refuses it with `rate-limited`; `coalesce`
   * publishes the newest of each type in the next second, and refuses the others.
   * @default 'drop'
   */
  readonly broadcastOverflow?: BroadcastOverflow | undefined
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
  maxBroadcastsPerSecond: Number.POSITIVE_INFINITY,
  broadcastOverflow: 'drop',
  families: [] as readonly string[],
  helloTimeoutMs: 10_000,
  heartbeatMs: 25_000,
  limits: { subscriptions: 50, frameBytes: 65_536, dedupeMs: 600_000 },
  onError: printError,
  clock: systemClock,
} as const

/** Options with nothing left open; `undefined` where that means something. */
export interface ResolvedServerOptions {
  readonly authenticate: Authenticate | undefined
  readonly authorize: Authorize | undefined
  readonly canReceive: CanReceive | undefined
  readonly validateChannel: ValidateChannel | undefined
  readonly maxBroadcastsPerSecond: number
  readonly broadcastOverflow: BroadcastOverflow
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
  const { limits } = serverDefaults
  return {
    authenticate: options.authenticate,
    authorize: options.authorize,
    canReceive: options.canReceive,
    validateChannel: options.validateChannel,
    maxBroadcastsPerSecond: options.maxBroadcastsPerSecond ?? serverDefaults.maxBroadcastsPerSecond,
    broadcastOverflow: options.broadcastOverflow ?? serverDefaults.broadcastOverflow,
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
