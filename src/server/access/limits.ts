/** What all connections of one user may do together. */
export interface UserLimits {
  /**
   * The most connections on one server.
   * @default 100
   */
  readonly connections?: number | undefined
  /**
   * Messages a second, of which two seconds' worth may come at once.
   * @default 500
   */
  readonly messagesPerSecond?: number | undefined
  /**
   * Bytes a second, of which two seconds' worth may come at once.
   * @default 4_194_304
   */
  readonly bytesPerSecond?: number | undefined
  /**
   * Channels asked for a second, of which two seconds' worth may come at once.
   * @default 500
   */
  readonly subscribesPerSecond?: number | undefined
}

/** What all that comes from one address may do together; see `clientAddress` for which that is. */
export interface AddressLimits {
  /**
   * The most connections on one server.
   * @default 1_000
   */
  readonly connections?: number | undefined
  /**
   * How often a minute somebody may say who they are and not be believed.
   * @default 60
   */
  readonly authFailuresPerMinute?: number | undefined
}

/**
 * What a connection, a user and an address may ask for, and how long answers are kept;
 * `Number.POSITIVE_INFINITY` lifts a limit.
 */
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
  /**
   * Messages a second on one connection, of which two seconds' worth may come at once; an array of n
   * counts as n, and the greeting's as nothing.
   * @default 100
   */
  readonly messagesPerSecond?: number | undefined
  /**
   * Bytes a second on one connection, of which two seconds' worth may come at once.
   * @default 1_048_576
   */
  readonly bytesPerSecond?: number | undefined
  /**
   * Channels a second that one connection asks for, of which two seconds' worth may come at once.
   * @default 100
   */
  readonly subscribesPerSecond?: number | undefined
  /**
   * With so many malformed frames within a minute a connection is closed.
   * @default 3
   */
  readonly malformedPerMinute?: number | undefined
  /**
   * With so many frames within a minute that go beyond a rate a connection is closed.
   * @default 10
   */
  readonly violationsPerMinute?: number | undefined
  /** What all connections of one user may do together. */
  readonly perUser?: UserLimits | undefined
  /** What all that comes from one address may do together. */
  readonly perAddress?: AddressLimits | undefined
}

/** The limits that are not given. */
export const limitDefaults = {
  subscriptions: 50,
  frameBytes: 65_536,
  dedupeMs: 600_000,
  messagesPerSecond: 100,
  bytesPerSecond: 1_048_576,
  subscribesPerSecond: 100,
  malformedPerMinute: 3,
  violationsPerMinute: 10,
  perUser: {
    connections: 100,
    messagesPerSecond: 500,
    bytesPerSecond: 4_194_304,
    subscribesPerSecond: 500,
  },
  perAddress: { connections: 1_000, authFailuresPerMinute: 60 },
} as const

/** The same interface with nothing left open, all the way down. */
export type Resolved<T> = T extends object
  ? { readonly [name in keyof T]-?: Resolved<NonNullable<T[name]>> }
  : T

/** Limits with nothing left open. */
export type ResolvedLimits = Resolved<ServerLimits>

/** Fills in the defaults. */
export function resolveLimits(limits: ServerLimits = {}): ResolvedLimits {
  return {
    ...filled<Omit<ResolvedLimits, 'perUser' | 'perAddress'>>(limitDefaults, limits),
    perUser: filled<ResolvedLimits['perUser']>(limitDefaults.perUser, limits.perUser),
    perAddress: filled<ResolvedLimits['perAddress']>(limitDefaults.perAddress, limits.perAddress),
  }
}

/** The defaults with what is given in their place; an explicit `undefined` keeps them. */
function filled<T extends object>(
  defaults: T,
  given: { readonly [name in keyof T]?: T[name] | undefined } = {},
): T {
  const all = { ...defaults }
  for (const name in defaults) {
    const value = given[name]
    if (value !== undefined) all[name] = value
  }
  return all
}
