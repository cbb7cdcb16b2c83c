import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { printError } from '../../base/report.ts'

/**
 * What Redis does for the channels. `streams`: it keeps their histories, and any node resumes any
 * client. `pub-sub`: it only passes events on, each at most once, and who misses one has a gap.
 */
export type RedisStrategy = 'streams' | 'pub-sub'

/** How a `RedisBroker` is made. */
export interface RedisBrokerOptions {
  /**
   * What all keys and pub/sub channels begin with: servers with another one know nothing of each other.
   * @default 'wirefold'
   */
  readonly prefix?: string | undefined
  /**
   * What Redis does for the channels; all servers of a prefix need the same.
   * @default 'streams'
   */
  readonly strategy?: RedisStrategy | undefined
  /**
   * With `pub-sub`, how long an event or a request waits for Redis, in milliseconds: then the event
   * goes to the members of this server only, and the request is refused as `unavailable`.
   * @default 1_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * Receives what goes wrong on the connections.
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
export const redisDefaults = {
  prefix: 'wirefold',
  strategy: 'streams',
  timeoutMs: 1_000,
  onError: printError,
  clock: systemClock,
} as const

/** Options with nothing left open. */
export type ResolvedRedisOptions = {
  readonly [Name in keyof RedisBrokerOptions]-?: NonNullable<RedisBrokerOptions[Name]>
}

/** Fills in the defaults; an explicit `undefined` keeps them. */
export function resolveRedisOptions(options: RedisBrokerOptions): ResolvedRedisOptions {
  return {
    prefix: options.prefix ?? redisDefaults.prefix,
    strategy: options.strategy ?? redisDefaults.strategy,
    timeoutMs: options.timeoutMs ?? redisDefaults.timeoutMs,
    onError: options.onError ?? redisDefaults.onError,
    clock: options.clock ?? redisDefaults.clock,
  }
}
