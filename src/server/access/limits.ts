import { checkKinds, withDefaults } from '../../base/known-names.ts'

/**
 * Limits of all connections of one user together. The rates hold for the anonymous connections of
 * one address, too.
 */
export interface UserLimits {
  /**
   * Maximum number of connections to one server.
   * @default 100
   */
  readonly connections?: number | undefined
  /**
   * Messages per second; a burst may be twice as large.
   * @default 500
   */
  readonly messagesPerSecond?: number | undefined
  /**
   * Bytes per second; a burst may be twice as large.
   * @default 4_194_304
   */
  readonly bytesPerSecond?: number | undefined
  /**
   * Channels subscribed to per second; a burst may be twice as large.
   * @default 500
   */
  readonly subscribesPerSecond?: number | undefined
  /**
   * Bytes per second of presence: those of the events that the user's joins and updates cause, each
   * of which all watchers receive, and those of the members and missed events that subscribes to
   * presence channels read. A burst may be twice as large; a single read may exceed it, as a debt.
   * @default 1_048_576
   */
  readonly presenceBytesPerSecond?: number | undefined
}

/** Limits of all connections from one address together; see the option `clientAddress`. */
export interface AddressLimits {
  /**
   * Maximum number of connections to one server, upgrade requests that wait for `canConnect` included.
   * @default 1_000
   */
  readonly connections?: number | undefined
  /**
   * Number of authentications under way, and failed within the last minute, together; further ones
   * wait for their turn within `helloTimeoutMs`.
   * @default 60
   */
  readonly authFailuresPerMinute?: number | undefined
}

/**
 * Limits of a connection, of a user and of an address, and how long replies are remembered.
 * `Number.POSITIVE_INFINITY` disables a limit.
 */
export interface ServerLimits {
  /**
   * Maximum number of channels one connection is subscribed to.
   * @default 50
   */
  readonly subscriptions?: number | undefined
  /**
   * Maximum size of a frame, in bytes.
   * @default 65_536
   */
  readonly frameBytes?: number | undefined
  /**
   * Time for which the reply to a request is remembered, to deduplicate retries, in milliseconds.
   * @default 600_000
   */
  readonly dedupeMs?: number | undefined
  /**
   * Messages per second on one connection; a burst may be twice as large. A frame with an array of
   * n messages counts as n; the frame of the hello counts for the user only.
   * @default 100
   */
  readonly messagesPerSecond?: number | undefined
  /**
   * Bytes per second on one connection; a burst may be twice as large.
   * @default 1_048_576
   */
  readonly bytesPerSecond?: number | undefined
  /**
   * Channels per second that one connection subscribes to; a burst may be twice as large.
   * @default 100
   */
  readonly subscribesPerSecond?: number | undefined
  /**
   * Maximum number of requests of one connection whose handlers run at once; further ones wait in
   * order, at most 1,000, beyond which they are refused with `rate-limited`.
   * @default 1_000
   */
  readonly runningRequests?: number | undefined
  /**
   * Maximum number of requests of all connections of a server whose handlers run at once; further
   * ones wait in order.
   * @default 10_000
   */
  readonly runningRequestsInAll?: number | undefined
  /**
   * Number of malformed frames within a minute at which the connection is closed.
   * @default 3
   */
  readonly malformedPerMinute?: number | undefined
  /**
   * Number of frames over a rate limit within a minute at which the connection is closed.
   * @default 10
   */
  readonly violationsPerMinute?: number | undefined
  /** Limits of all connections of one user together. */
  readonly perUser?: UserLimits | undefined
  /** Limits of all connections from one address together. */
  readonly perAddress?: AddressLimits | undefined
}

/** The default limits. */
export const limitDefaults = {
  subscriptions: 50,
  frameBytes: 65_536,
  dedupeMs: 600_000,
  messagesPerSecond: 100,
  bytesPerSecond: 1_048_576,
  subscribesPerSecond: 100,
  runningRequests: 1_000,
  runningRequestsInAll: 10_000,
  malformedPerMinute: 3,
  violationsPerMinute: 10,
  perUser: {
    connections: 100,
    messagesPerSecond: 500,
    bytesPerSecond: 4_194_304,
    subscribesPerSecond: 500,
    presenceBytesPerSecond: 1_048_576,
  },
  perAddress: { connections: 1_000, authFailuresPerMinute: 60 },
} as const

/** The same type with every property required and defined, recursively. */
export type Resolved<T> = T extends object
  ? { readonly [name in keyof T]-?: Resolved<NonNullable<T[name]>> }
  : T

/** Limits with the defaults filled in. */
export type ResolvedLimits = Resolved<ServerLimits>

/** Returns the limits with the defaults filled in. */
export function resolveLimits(limits: ServerLimits = {}): ResolvedLimits {
  const { perUser = {}, perAddress = {} } = limits
  checkNumbers('limits', limits, limitDefaults)
  checkNumbers('perUser', perUser, limitDefaults.perUser)
  checkNumbers('perAddress', perAddress, limitDefaults.perAddress)
  return {
    ...withDefaults('The option limits', limits, limitDefaults),
    perUser: withDefaults('The option perUser', perUser, limitDefaults.perUser),
    perAddress: withDefaults('The option perAddress', perAddress, limitDefaults.perAddress),
  }
}

function checkNumbers(owner: string, limits: object, defaults: object): void {
  const numbers = Object.entries(defaults).filter(([, value]) => typeof value === 'number')
  checkKinds(owner, limits, Object.fromEntries(numbers.map(([name]) => [name, 'number' as const])))
}
