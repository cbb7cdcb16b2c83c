import { randomId } from '../../base/ids.ts'
import { safely } from '../../base/report.ts'
import type { Position } from '../../protocol/frame.ts'
import type { Broker, ChannelListener, Missed, NewEvent, Remember } from '../broker/broker.ts'
import type { PresenceStore } from '../broker/presence-store.ts'
import type { RateStore } from '../broker/rate-store.ts'
import type { Answers } from '../broker/reply-store.ts'
import { publishedRecord } from '../broker/request-record.ts'
import { BatchQueue } from './batch-queue.ts'
import { Pauses } from './cancellable-waits.ts'
import type { Feed } from './channels/channel-transport.ts'
import { Histories } from './channels/history-reader.ts'
import { Followed } from './channels/listener-table.ts'
import { PubSubFeed } from './channels/pub-sub-transport.ts'
import { StreamsFeed } from './channels/streams-transport.ts'
import type { RedisConnection } from './connection/redis-connection.ts'
import { ScriptRunner } from './connection/script-runner.ts'
import type { RedisBrokerOptions, ResolvedRedisOptions } from './options.ts'
import { resolveRedisOptions } from './options.ts'
import { RedisPresence } from './presence/redis-presence.ts'
import { RedisAnswers } from './redis-answers.ts'
import { RedisRates } from './redis-rates.ts'
import { Era } from './store-generation.ts'

/** How long after its last sign of life a node counts as dead: it outlasts a Redis that stands still for 30 s. */
const LEASE_MS = 45_000
/** How often a node gives one, and looks after what it waits for. */
const UPKEEP_MS = 10_000
/** Every so many times it also asks for its channels, so that their counters are kept. */
const CHECK_EVERY = 10

/** The connections of a {@link RedisBroker}. */
export interface RedisConnections {
  /** Its owner's; for everything but these: */
  readonly general: RedisConnection
  readonly subscriber: RedisConnection
  /** For blocking reads; with `pub-sub` there is none. */
  readonly blocking: RedisConnection | undefined
}

/** A broker of any number of processes, which share a Redis. Made by {@link createRedisBroker}. */
export class RedisBroker implements Broker {
  readonly #node = randomId()
  readonly #options: ResolvedRedisOptions
  readonly #connections: RedisConnections
  readonly #report: (error: unknown) => void
  readonly #pauses: Pauses
  readonly #era: Era
  readonly #histories: Histories
  readonly #answers: RedisAnswers
  readonly #presence: RedisPresence
  readonly #rates: RedisRates
  readonly #feed: Feed
  readonly #followed = new Followed()
  readonly #offReady: (() => void)[] = []
  /** The check of all channels that is under way, and whether another is due behind it. */
  #checking: Promise<void> | undefined
  #checkAgain = false

  /** @param connections the general one stays its owner's */
  constructor(connections: RedisConnections, options: RedisBrokerOptions) {
    this.#options = resolveRedisOptions(options)
    this.#connections = connections
    const { prefix, strategy, timeoutMs, clock } = this.#options
    const node = this.#node
    const report = safely(this.#options.onError)
    this.#report = report
    const runner = new ScriptRunner(connections.general, prefix)
    const pauses = new Pauses(clock)
    this.#pauses = pauses
    const era = new Era(clock)
    this.#era = era
    const histories = new Histories(runner, era, pauses)
    this.#histories = histories
    const queue = new BatchQueue({ runner, pauses, node, strategy, report })
    const { subscriber, blocking } = connections
    const listener = {
      event: this.#followed.event.bind(this.#followed),
      broken: this.#followed.broken.bind(this.#followed),
      doubt: () => this.#check(),
    }
    const shared = { prefix, node, queue, histories, pauses, listener }
    this.#feed = blocking
      ? new StreamsFeed({ ...shared, blocking, runner, report })
      : new PubSubFeed({ ...shared, subscriber, timeoutMs })
    const patienceMs = blocking ? undefined : timeoutMs
    const asking = { runner, queue, era, pauses, patienceMs }
    this.#answers = new RedisAnswers({ ...asking, node })
    this.#presence = new RedisPresence(asking)
    this.#rates = new RedisRates({ runner, pauses, report })
  }

  get answers(): Answers {
    return this.#answers
  }

  get presence(): PresenceStore {
    return this.#presence
  }

  get rates(): RateStore {
    return this.#rates
  }

  /** Begins; rejects where Redis cannot be asked. */
  async start(): Promise<void> {
    const { general, subscriber } = this.#connections
    await subscriber.subscribe(this.#name('control'), () => void this.#check())
    await subscriber.subscribe(this.#name(`node:${this.#node}`), (message) => {
      const end = message.indexOf('\n')
      this.#answers.tell(message.slice(0, end), message.slice(end + 1))
    })
    await this.#histories.lease(this.#node, LEASE_MS)
    for (const connection of [general, subscriber]) {
      const returned = (): void => {
        // What happened while it was away was not heard, and perhaps is not remembered.
        this.#era.doubt()
        void this.#check()
      }
      this.#offReady.push(connection.onReady(returned))
    }
    void this.#upkeep()
    await this.#warn()
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    remember?: Remember,
  ): Promise<readonly Position[]> {
    const positions = await this.#feed.publish(channels, event, remember)
    const [at] = positions
    // Other nodes hear it from Redis, which does not tell us what we did.
    if (remember && at) {
      this.#answers.tell(remember.key, publishedRecord({ channel: event.source, ...at }))
    }
    return positions
  }

  async subscribe(channel: string, listener: ChannelListener): Promise<() => void> {
    return this.#followed.add(
      channel,
      listener,
      () => this.#feed.follow(channel),
      () => this.#feed.unfollow(channel),
    )
  }

  async head(channel: string): Promise<Position> {
    return this.#histories.head(channel)
  }

  async since(channel: string, position: Position): Promise<Missed> {
    return this.#feed.since(channel, position)
  }

  async close(): Promise<void> {
    if (this.#pauses.closed) return
    this.#pauses.close()
    for (const off of this.#offReady.splice(0)) off()
    this.#followed.clear()
    this.#answers.close()
    this.#feed.close()
    this.#connections.subscriber.close()
    // What it was carrying out is lost, and nobody need wait to find that out.
    const lease = this.#name(`node:${this.#node}`)
    this.#connections.general.command(['DEL', lease]).catch(() => {})
  }

  /** Looks where every followed channel stands, as long as that takes; never rejects. */
  #check(): Promise<void> {
    this.#checkAgain = true
    this.#checking ??= this.#checkAll().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  async #checkAll(): Promise<void> {
    for (let attempt = 0; this.#checkAgain && !this.#pauses.closed; ) {
      this.#checkAgain = false
      try {
        await this.#mark()
        const heads = await this.#histories.heads(this.#followed.names)
        await this.#mark()
        const followed = new Set(this.#followed.names)
        for (const [name, head] of heads) if (followed.has(name)) this.#feed.check(name, head)
        attempt = 0
      } catch {
        this.#checkAgain = true
        await this.#pauses.backoff(attempt++)
      }
    }
  }

  /** A Redis that drops what it was told to keep has requests carried out twice. */
  async #warn(): Promise<void> {
    const info = String(await this.#connections.general.command(['INFO', 'memory']))
    const [, policy = 'noeviction'] = /maxmemory_policy:([\w-]+)/.exec(info) ?? []
    if (policy === 'noeviction' || /maxmemory:0\s/.test(info)) return
    this.#report(
      new Error(`This Redis drops keys (${policy}). Set maxmemory-policy to noeviction.`),
    )
  }

  /**
   * Resolves once everything was heard that was said to us before. Redis answers in turn: before the
   * heads are asked for it shows that all channels are subscribed, and behind them that what led there
   * has arrived.
   */
  async #mark(): Promise<void> {
    const { subscriber } = this.#connections
    const mark = this.#name(`mark:${this.#node}`)
    await subscriber.subscribe(mark, () => {})
    await subscriber.unsubscribe(mark)
  }

  async #upkeep(): Promise<void> {
    for (let time = 1; !this.#pauses.closed; time++) {
      await this.#pauses.wait(UPKEEP_MS)
      if (this.#pauses.closed) return
      try {
        await this.#histories.lease(this.#node, LEASE_MS)
        await this.#answers.lookAfter()
        if (time % CHECK_EVERY === 0) await this.#check()
      } catch (error) {
        if (!this.#pauses.closed) this.#report(error)
      }
    }
  }

  #name(what: string): string {
    return `${this.#options.prefix}:${what}`
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'RedisBroker'
  }
}

/**
 * Makes a broker of a connected client. It opens connections of its own beside it, one for pub/sub and,
 * with `streams`, one for blocking reads; `close()` closes these.
 *
 * Rejects where Redis cannot be reached.
 *
 * @example
 * const broker = await createRedisBroker(redisClient(client))
 * const server = createRealtimeServer({ broker })
 */
export async function createRedisBroker(
  general: RedisConnection,
  options: RedisBrokerOptions = {},
): Promise<RedisBroker> {
  const { strategy, onError } = resolveRedisOptions(options)
  const report = safely(onError)
  const opened: RedisConnection[] = []
  const open = async (): Promise<RedisConnection> => {
    const connection = await general.duplicate(report)
    opened.push(connection)
    return connection
  }
  try {
    const subscriber = await open()
    const blocking = strategy === 'streams' ? await open() : undefined
    const broker = new RedisBroker({ general, subscriber, blocking }, options)
    await broker.start()
    return broker
  } catch (error) {
    for (const connection of opened) connection.close()
    throw error
  }
}
