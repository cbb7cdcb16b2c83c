import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { ResolvedLimits } from '../access/limits.ts'
import { rateLimited } from '../access/refusals.ts'
import type { ReadCommand } from './frame-reader.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { MessageLimiter } from './mount.ts'
import type { SharedRates } from './shared-rates.ts'

/** Size of a burst, in seconds of the rate; clients rely on two when they pace themselves. */
export const BURST_SECONDS = 2
/** Time for which a violation or a malformed frame counts, in milliseconds. */
const FAULT_WINDOW_MS = 60_000

/**
 * Limits the messages of one connection to the rates of a connection, and to those of its user or,
 * for an anonymous one, of its address, which count over all connections.
 */
export class InboundLimiter implements MessageLimiter {
  readonly #deps: InboundLimiterDeps
  /** Created by the first message after the greeting, as they are full until then. */
  #buckets: Record<Measure, TokenBucket | undefined> | undefined
  /** Times of the frames over a rate limit, on the monotonic clock; `undefined` for none. */
  #violations: number[] | undefined
  /** Times of the malformed frames, on the monotonic clock; `undefined` for none. */
  #malformed: number[] | undefined
  readonly #address: string | undefined
  #owner: string | undefined
  /** Keys of its user or address in the shared rates. */
  #keys: Record<Measure, string> | undefined

  /** @param address the address of the connection; `undefined` if that has no limits */
  constructor(deps: InboundLimiterDeps, address: string | undefined) {
    this.#deps = deps
    this.#address = address
  }

  /** The end of the keys of its user or address, in the shared rates; `undefined` for none. */
  get owner(): string | undefined {
    return this.#owner
  }

  belongsTo(userId: string | undefined): void {
    if (userId !== undefined) this.#owner = `:${userId}`
    else this.#owner = this.#address && `@${this.#address}`
    this.#keys = undefined
  }

  take(bytes: number): boolean {
    return this.admit([{ kind: 'pong' }], bytes, { refuse() {} }) !== undefined
  }

  /**
   * Admits the commands of a frame within the rate limits, and refuses the others.
   *
   * @returns the admitted commands; `undefined` if the connection must be closed for its violations
   */
  admit(
    commands: readonly ReadCommand[],
    bytes: number,
    writer: Pick<FrameWriter, 'refuse'>,
  ): readonly ReadCommand[] | undefined {
    const frameWaitMs = this.#take('bytes', bytes)
    const admitted = admittedOf(commands, writer, (command) => {
      const waitMs = frameWaitMs || this.#take('messages', countOf(command))
      if (waitMs || command.kind !== 'subscribe') return waitMs
      return this.#take('subscribes', command.channels.length)
    })
    if (admitted.length === commands.length) return admitted
    const { violationsPerMinute } = this.#deps.limits
    this.#violations ??= []
    return this.#exceeds(this.#violations, violationsPerMinute) ? undefined : admitted
  }

  /**
   * Admits the commands that came with the greeting within the rates of the user or address, and
   * refuses the others. Resumed channels are free, as many as one connection may have.
   */
  greet(
    commands: readonly ReadCommand[],
    bytes: number,
    writer: Pick<FrameWriter, 'refuse'>,
  ): readonly ReadCommand[] {
    let free = this.#deps.limits.subscriptions
    const frameWaitMs = this.#takeShared('bytes', bytes)
    return admittedOf(commands, writer, (command) => {
      const waitMs = frameWaitMs || this.#takeShared('messages', countOf(command))
      if (waitMs || command.kind !== 'subscribe') return waitMs
      const resumed = Math.min(command.since.size, free)
      free -= resumed
      return this.#takeShared('subscribes', command.channels.length - resumed)
    })
  }

  /** Counts a malformed frame; returns true if the connection must be closed. */
  malformed(): boolean {
    this.#malformed ??= []
    return this.#exceeds(this.#malformed, this.#deps.limits.malformedPerMinute)
  }

  /** Records a time; returns whether the limit of the window is reached. */
  #exceeds(times: number[], limit: number): boolean {
    const now = this.#deps.clock.now()
    const first = times.findIndex((time) => now - time < FAULT_WINDOW_MS)
    times.splice(0, first === -1 ? times.length : first)
    times.push(now)
    return times.length >= limit
  }

  #take(measure: Measure, count: number): number {
    const now = this.#deps.clock.now()
    this.#buckets ??= fullBuckets(this.#deps.limits, now)
    const bucket = this.#buckets[measure]
    const waitMs = bucket?.waitMs(now, count) || this.#takeShared(measure, count)
    if (waitMs === 0) bucket?.take(count)
    return waitMs
  }

  #takeShared(measure: Measure, count: number): number {
    const { rates, limits } = this.#deps
    const perSecond = limits.perUser[`${measure}PerSecond`]
    if (this.#owner === undefined || !Number.isFinite(perSecond) || !count) return 0
    const rate = { perSecond, burst: BURST_SECONDS * perSecond }
    this.#keys ??= keysOf(this.#owner)
    return rates.take(this.#keys[measure], count, rate)
  }
}

/** A measured quantity. */
type Measure = 'messages' | 'bytes' | 'subscribes'

/** Returns the buckets of one connection; a measure without a limit has none. */
function fullBuckets(
  limits: ResolvedLimits,
  now: number,
): Record<Measure, TokenBucket | undefined> {
  const of = (perSecond: number): TokenBucket | undefined =>
    Number.isFinite(perSecond)
      ? new TokenBucket(perSecond, BURST_SECONDS * perSecond, now)
      : undefined
  const { messagesPerSecond, bytesPerSecond, subscribesPerSecond } = limits
  return {
    messages: of(messagesPerSecond),
    bytes: of(bytesPerSecond),
    subscribes: of(subscribesPerSecond),
  }
}

/** Returns the commands with a wait of 0; refuses the others, those without a request id together. */
function admittedOf(
  commands: readonly ReadCommand[],
  writer: Pick<FrameWriter, 'refuse'>,
  waitOf: (command: ReadCommand) => number,
): readonly ReadCommand[] {
  const admitted: ReadCommand[] = []
  let withoutId: Refusal | undefined
  for (const command of commands) {
    const waitMs = waitOf(command)
    const requestId = 'requestId' in command ? command.requestId : undefined
    if (waitMs === 0) admitted.push(command)
    else if (requestId === undefined) withoutId = refusalOf(command, waitMs)
    else writer.refuse(rateLimited(waitMs), requestId)
  }
  if (withoutId) writer.refuse(withoutId)
  return admitted
}

/** Returns the refusal of a command, which names the channel of a subscribe or unsubscribe. */
function refusalOf(command: ReadCommand, waitMs: number): Refusal {
  const [channel, ...others] = 'channels' in command ? command.channels : []
  const named = channel !== undefined && !others.length
  return named ? { ...rateLimited(waitMs), channel } : rateLimited(waitMs)
}

/** Returns keys that are made once, with their hashes, for all messages. */
function keysOf(owner: string): Record<Measure, string> {
  return {
    messages: `messages${owner}`,
    bytes: `bytes${owner}`,
    subscribes: `subscribes${owner}`,
  }
}

/** Returns the number of messages of a command. */
function countOf(command: ReadCommand): number {
  return command.kind === 'fault' ? command.of.length : 1
}

/** The dependencies that the limiters of a server share. */
export interface InboundLimiterDeps {
  readonly limits: ResolvedLimits
  /** Counts against the limits of users and addresses. */
  readonly rates: SharedRates
  readonly clock: Clock
}
