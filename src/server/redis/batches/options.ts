import type { Clock } from '../../../base/clock.ts'
import { systemClock } from '../../../base/clock.ts'
import { printError } from '../../../base/report.ts'
import type { HistoryLimits, ResolvedHistoryLimits } from '../../broker/history-limits.ts'
import { resolveHistoryLimits } from '../../broker/history-limits.ts'
import type { PresenceLimits, ResolvedPresenceLimits } from '../../broker/presence-limits.ts'
import { presenceLimitDefaults, resolvePresenceLimits } from '../../broker/presence-limits.ts'
import type { ReplyLimits, ResolvedReplyLimits } from '../../broker/reply-limits.ts'
import { replyDefaults, resolveReplyLimits } from '../../broker/reply-limits.ts'

/**
 * The way in which channels use Redis. `streams`: Redis keeps the histories, and any server can resume any
 * client. `pub-sub`: Redis only passes events on, each at most once, and a missed event is a gap.
 */
export type RedisStrategy = 'streams' | 'pub-sub'

/** Options of a `RedisBroker`. */
export interface RedisBrokerOptions {
  /**
   * The prefix of all keys and pub/sub channels; servers with different prefixes are independent.
   * @default 'wirefold'
   */
  readonly prefix?: string | undefined
  /**
   * The way in which channels use Redis; it must be the same on all servers with the same prefix.
   * @default 'streams'
   */
  readonly strategy?: RedisStrategy | undefined
  /**
   * The limits of the histories, with `streams`. `totalBytes` counts the channels of this prefix;
   * those of presence have a quarter of it beside the others.
   * @default 5 minutes, 4 MiB of one channel, and 256 MiB in all
   */
  readonly history?: HistoryLimits | undefined
  /**
   * The limits of the remembered results of requests, for all servers with the same prefix.
   * @default 1 MiB and 30,000 requests of one user, 64 MiB and 500,000 requests in all
   */
  readonly replies?: ReplyLimits | undefined
  /**
   * With `pub-sub`, the time that an event or a request waits for Redis, in milliseconds. After it,
   * the event goes to the members of this server only, and the request is refused as `unavailable`.
   * @default 1_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * The limits of the members of presence.
   * @default 1,000 devices and 1 MiB of a user, 10,000 devices and 2 MiB of a resource
   */
  readonly presence?: PresenceLimits | undefined
  /**
   * Called with errors of the connections and of Redis.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * The source of time and timers.
   * @default the platform's clock
   */
  readonly clock?: Clock | undefined
}

/** The defaults of {@link RedisBrokerOptions}. */
export const redisDefaults = {
  prefix: 'wirefold',
  strategy: 'streams',
  history: { keepMs: 5 * 60_000, channelBytes: 4 * 1024 * 1024, totalBytes: 256 * 1024 * 1024 },
  replies: replyDefaults,
  timeoutMs: 1_000,
  presence: presenceLimitDefaults,
  onError: printError,
  clock: systemClock,
} as const

/** Options with all defaults filled in. */
export type ResolvedRedisOptions = {
  readonly [Name in Exclude<keyof RedisBrokerOptions, 'history' | 'replies'>]-?: NonNullable<
    RedisBrokerOptions[Name]
  >
} & {
  readonly history: ResolvedHistoryLimits
  readonly replies: ResolvedReplyLimits
  readonly presence: ResolvedPresenceLimits
}

/** Fills in the defaults, also for options that are `undefined`. */
export function resolveRedisOptions(options: RedisBrokerOptions): ResolvedRedisOptions {
  return {
    prefix: options.prefix ?? redisDefaults.prefix,
    strategy: options.strategy ?? redisDefaults.strategy,
    history: resolveHistory(options.history),
    replies: resolveReplyLimits(options.replies),
    timeoutMs: options.timeoutMs ?? redisDefaults.timeoutMs,
    presence: resolvePresenceLimits(options.presence),
    onError: options.onError ?? redisDefaults.onError,
    clock: options.clock ?? redisDefaults.clock,
  }
}

function resolveHistory(limits: HistoryLimits | undefined): ResolvedHistoryLimits {
  const history = resolveHistoryLimits(limits, redisDefaults.history)
  return { ...history, channelBytes: Math.min(history.channelBytes, history.totalBytes) }
}
