import { randomId } from '../../base/ids.ts'
import { safely } from '../../base/report.ts'
import type { Position } from '../../protocol/frame.ts'
import type {
  Broker,
  ChannelListener,
  HistorySlice,
  RequestPart,
  StoredReply,
} from '../broker/broker.ts'
import type { NewEvent } from '../broker/channel-event.ts'
import type { PresenceStore } from '../broker/presence-store.ts'
import type { RateStore } from '../broker/rate-store.ts'
import type { ReplyStore } from '../broker/reply-store.ts'
import { publishedRecord } from '../broker/request-record.ts'
import { BatchQueue } from './batches/batch-queue.ts'
import type { RedisBrokerOptions, ResolvedRedisOptions } from './batches/options.ts'
import { resolveRedisOptions } from './batches/options.ts'
import { StoreGeneration } from './batches/store-generation.ts'
import type { ChannelTransport } from './channels/channel-transport.ts'
import { HistoryReader } from './channels/history-reader.ts'
import { ListenerTable } from './channels/listener-table.ts'
import { PubSubTransport } from './channels/pub-sub-transport.ts'
import { StreamsTransport } from './channels/streams-transport.ts'
import { CancellableWaits } from './connection/cancellable-waits.ts'
import { Confirmation } from './connection/confirmation.ts'
import { OwnConnections } from './connection/own-connections.ts'
import type { RedisConnector } from './connection/redis-connection.ts'
import { ScriptRunner } from './connection/script-runner.ts'
import { checkServer } from './connection/server-info.ts'
import { isErrorReply } from './connection/unavailable.ts'
import { RedisPresence } from './presence/redis-presence.ts'
import { RedisRates } from './redis-rates.ts'
import { RedisReplies } from './redis-replies.ts'
import { RequestOwner } from './request-owner.ts'

/** Interval between signs of life, in milliseconds. */
const BEAT_MS = 300
/** Interval of polls for awaited requests, in milliseconds. */
const UPKEEP_MS = 10_000
/** Number of intervals between checks of all channels, which keep their counters alive. */
const CHECK_EVERY = 10

/** A broker that several processes share through Redis. Made by {@link createRedisBroker}. */
export class RedisBroker implements Broker {
  readonly #node = randomId()
  #secret = randomId()
  readonly #options: ResolvedRedisOptions
  readonly #connections: OwnConnections
  /** The prefix of all pub/sub channels; these are common to all databases of a Redis. */
  readonly #messages: string
  readonly #report: (error: unknown) => void
  readonly #waits: CancellableWaits
  readonly #generation: StoreGeneration
  readonly #history: HistoryReader
  readonly #owner: RequestOwner
  readonly #replies: RedisReplies
  readonly #presence: RedisPresence
  readonly #rates: RedisRates
  readonly #transport: ChannelTransport
  readonly #listeners = new ListenerTable()
  /** The running check of all channels, and whether another one has to follow. */
  #checking: Promise<void> | undefined
  #checkAgain = false

  /** @internal {@link createRedisBroker} makes brokers. */
  constructor(connector: RedisConnector, options: RedisBrokerOptions) {
    this.#options = resolveRedisOptions(options)
    const { prefix, strategy, history: limits, replies, timeoutMs, clock } = this.#options
    const node = this.#node
    const report = safely(this.#options.onError)
    this.#report = report
    const messages = `${prefix}:${connector.database}`
    this.#messages = messages
    const connections = new OwnConnections({
      connector,
      blocking: strategy === 'streams',
      onReopened: () => {
        this.#generation.invalidate()
        void this.#check()
      },
      report,
    })
    this.#connections = connections
    const { general: connection, subscriber, blocking } = connections
    const confirmation = new Confirmation()
    const runner = new ScriptRunner({ connection, prefix, messages, confirmation })
    const waits = new CancellableWaits(clock)
    this.#waits = waits
    const generation = new StoreGeneration(clock)
    this.#generation = generation
    const history = new HistoryReader(runner, generation, waits)
    this.#history = history
    const queue = new BatchQueue({
      runner,
      waits,
      confirmation,
      node,
      strategy,
      history: limits,
      replies,
      pace: () => this.#transport.pace(),
      report,
    })
    const listener = {
      event: this.#listeners.event.bind(this.#listeners),
      broken: this.#listeners.broken.bind(this.#listeners),
      recheck: () => this.#check(),
    }
    const shared = { prefix, messages, node, queue, history, waits, listener }
    this.#transport = blocking
      ? new StreamsTransport({ ...shared, blocking, runner, limits, report })
      : new PubSubTransport({ ...shared, subscriber, timeoutMs })
    const patienceMs = blocking ? undefined : timeoutMs
    const storeDeps = { runner, queue, generation, waits, patienceMs }
    this.#owner = new RequestOwner({ runner, generation, clock, report })
    this.#replies = new RedisReplies({ ...storeDeps, node, owner: this.#owner, limits: replies })
    this.#presence = new RedisPresence({ ...storeDeps, limits: this.#options.presence })
    this.#rates = new RedisRates({ runner, waits, report })
  }

  get replies(): ReplyStore {
    return this.#replies
  }

  get presence(): PresenceStore {
    return this.#presence
  }

  get rates(): RateStore {
    return this.#rates
  }

  get secret(): string {
    return this.#secret
  }

  /** Connects, subscribes, and gives the first sign of life; rejects if Redis cannot be used. */
  async start(): Promise<void> {
    const { general, subscriber } = this.#connections
    await this.#connections.start()
    const warning = checkServer(String(await general.command(() => ['INFO'])))
    await this.#shareSecret()
    await subscriber.subscribe(this.#name('control'), () => void this.#check())
    await subscriber.subscribe(this.#name(`node:${this.#node}`), (message) => {
      const end = message.indexOf('\n')
      this.#replies.resolveWaiting(message.slice(0, end), message.slice(end + 1))
    })
    await this.#waits.untilAnswered(() => this.#owner.beat())
    void this.#beat()
    void this.#upkeep()
    if (warning) this.#report(new Error(warning))
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    remember?: StoredReply,
    part?: RequestPart,
  ): Promise<readonly Position[]> {
    const of = part ?? remember
    const request = of && { once: '', ...of, owner: this.#replies.ownerOf(of.key) }
    const positions = await this.#transport.publish(channels, event, request)
    const [at] = positions
    // Redis notifies the other nodes only.
    if (remember && at) {
      this.#replies.ended(remember.key, publishedRecord({ channel: event.source, ...at }))
    }
    return positions
  }

  async subscribe(channel: string, listener: ChannelListener): Promise<() => void> {
    return this.#listeners.add(
      channel,
      listener,
      () => this.#transport.follow(channel),
      () => this.#transport.unfollow(channel),
    )
  }

  async head(channel: string): Promise<Position> {
    return this.#history.head(channel)
  }

  async since(channel: string, position: Position): Promise<HistorySlice> {
    return this.#transport.since(channel, position)
  }

  async close(): Promise<void> {
    if (this.#waits.closed) return
    this.#waits.close()
    this.#listeners.clear()
    this.#replies.close()
    // The running requests of this process are lost: other processes do not wait for them.
    await this.#connections.close(['ZREM', `${this.#options.prefix}:nodes`, this.#owner.id])
  }

  /** Compares every followed channel with Redis, retrying until that succeeds; never rejects. */
  #check(): Promise<void> {
    this.#checkAgain = true
    this.#checking ??= this.#checkAll().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  async #checkAll(): Promise<void> {
    for (let attempt = 0; this.#checkAgain && !this.#waits.closed; ) {
      this.#checkAgain = false
      try {
        await this.#barrier()
        const heads = await this.#history.heads(this.#listeners.names)
        await this.#barrier()
        const followed = new Set(this.#listeners.names)
        for (const [name, head] of heads) if (followed.has(name)) this.#transport.check(name, head)
        attempt = 0
      } catch {
        this.#checkAgain = true
        await this.#waits.backoff(attempt++)
      }
    }
  }

  /**
   * Resolves once all earlier messages on the subscriber connection were received: Redis replies in
   * order. Before the heads are read, this confirms all subscriptions; after that, it confirms that
   * the events up to the heads have arrived.
   */
  async #barrier(): Promise<void> {
    const { subscriber } = this.#connections
    const mark = this.#name(`mark:${this.#node}`)
    await subscriber.subscribe(mark, () => {})
    await subscriber.unsubscribe(mark)
  }

  async #beat(): Promise<void> {
    let reported = ''
    while (!this.#waits.closed) {
      await this.#waits.wait(BEAT_MS)
      if (this.#waits.closed) return
      try {
        await this.#owner.beat()
        await this.#replies.checkOwners()
        reported = ''
      } catch (error) {
        // The connection reports its own losses; the next sign of life follows by itself.
        if (this.#waits.closed || !isErrorReply(error) || String(error) === reported) continue
        reported = String(error)
        this.#report(error)
      }
    }
  }

  async #upkeep(): Promise<void> {
    for (let time = 1; !this.#waits.closed; time++) {
      await this.#waits.wait(UPKEEP_MS)
      if (this.#waits.closed) return
      try {
        await this.#replies.checkWaiting()
        await this.#shareSecret()
        if (time % CHECK_EVERY === 0) await this.#check()
      } catch (error) {
        if (!this.#waits.closed) this.#report(error)
      }
    }
  }

  /** Takes over the secret in Redis; stores its own where there is none, also after a loss of data. */
  async #shareSecret(): Promise<void> {
    const { general } = this.#connections
    const key = `${this.#options.prefix}:secret`
    const read = (): Promise<unknown> => general.command(() => ['GET', key])
    const kept = await read()
    if (kept === null) await general.command(() => ['SET', key, this.#secret, 'NX'])
    this.#secret = String(kept ?? (await read()) ?? this.#secret)
  }

  #name(suffix: string): string {
    return `${this.#messages}:${suffix}`
  }

  /** @internal Vue's `reactive` does not proxy objects with their own `toStringTag`. */
  get [Symbol.toStringTag](): string {
    return 'RedisBroker'
  }
}

/**
 * Creates a broker on Redis. It opens connections of its own to the Redis of the application's client: one
 * for commands, one for pub/sub and, with `streams`, one for blocking reads. `close()` closes them.
 *
 * Rejects if Redis cannot be reached, with `bad-dependency` if it is older than 6.2, a replica, or
 * a node of Redis Cluster.
 *
 * @example
 * import { createClient } from 'redis'
 * import { createRealtimeServer } from 'wirefold/server'
 * import { createRedisBroker, redisClient } from 'wirefold/server/redis'
 *
 * const broker = await createRedisBroker(redisClient(createClient({ url })))
 * const server = createRealtimeServer({ broker })
 */
export async function createRedisBroker(
  connector: RedisConnector,
  options: RedisBrokerOptions = {},
): Promise<RedisBroker> {
  const broker = new RedisBroker(connector, options)
  try {
    await broker.start()
    return broker
  } catch (error) {
    await broker.close()
    throw error
  }
}
