import { randomId } from '../../base/ids.ts'
import { safely } from '../../base/report.ts'
import type { Position } from '../../protocol/frame.ts'
import type { Broker, ChannelListener, HistorySlice, StoredReply } from '../broker/broker.ts'
import type { NewEvent } from '../broker/channel-event.ts'
import type { PresenceStore } from '../broker/presence-store.ts'
import type { RateStore } from '../broker/rate-store.ts'
import type { ReplyStore } from '../broker/reply-store.ts'
import { publishedRecord } from '../broker/request-record.ts'
import { BatchQueue } from './batch-queue.ts'
import { CancellableWaits } from './cancellable-waits.ts'
import type { ChannelTransport } from './channels/channel-transport.ts'
import { HistoryReader } from './channels/history-reader.ts'
import { ListenerTable } from './channels/listener-table.ts'
import { PubSubTransport } from './channels/pub-sub-transport.ts'
import { StreamsTransport } from './channels/streams-transport.ts'
import type { RedisConnection } from './connection/redis-connection.ts'
import { ScriptRunner } from './connection/script-runner.ts'
import type { RedisBrokerOptions, ResolvedRedisOptions } from './options.ts'
import { resolveRedisOptions } from './options.ts'
import { RedisPresence } from './presence/redis-presence.ts'
import { RedisRates } from './redis-rates.ts'
import { RedisReplies } from './redis-replies.ts'
import { StoreGeneration } from './store-generation.ts'

/** Duration of a node's lease, in milliseconds; outlasts a Redis that is blocked for 30 s. */
const LEASE_MS = 45_000
/** Interval of lease renewals and of polls for awaited requests, in milliseconds. */
const UPKEEP_MS = 10_000
/** Number of intervals between checks of all channels, which keep their counters alive. */
const CHECK_EVERY = 10

/** A broker that several processes share through Redis. Made by {@link createRedisBroker}. */
export class RedisBroker implements Broker {
  readonly #node = randomId()
  readonly #options: ResolvedRedisOptions
  readonly #connections: RedisConnections
  readonly #report: (error: unknown) => void
  readonly #waits: CancellableWaits
  readonly #generation: StoreGeneration
  readonly #history: HistoryReader
  readonly #replies: RedisReplies
  readonly #presence: RedisPresence
  readonly #rates: RedisRates
  readonly #transport: ChannelTransport
  readonly #listeners = new ListenerTable()
  readonly #offReady: (() => void)[] = []
  /** The running check of all channels, and whether another one has to follow. */
  #checking: Promise<void> | undefined
  #checkAgain = false

  /** @internal {@link createRedisBroker} makes brokers; `close()` closes all connections but the general one. */
  constructor(connections: RedisConnections, options: RedisBrokerOptions) {
    this.#options = resolveRedisOptions(options)
    this.#connections = connections
    const { prefix, strategy, timeoutMs, clock } = this.#options
    const node = this.#node
    const report = safely(this.#options.onError)
    this.#report = report
    const runner = new ScriptRunner(connections.general, prefix)
    const waits = new CancellableWaits(clock)
    this.#waits = waits
    const generation = new StoreGeneration(clock)
    this.#generation = generation
    const history = new HistoryReader(runner, generation, waits)
    this.#history = history
    const queue = new BatchQueue({ runner, waits, node, strategy, report })
    const { subscriber, blocking } = connections
    const listener = {
      event: this.#listeners.event.bind(this.#listeners),
      broken: this.#listeners.broken.bind(this.#listeners),
      recheck: () => this.#check(),
    }
    const shared = { prefix, node, queue, history, waits, listener }
    this.#transport = blocking
      ? new StreamsTransport({ ...shared, blocking, runner, report })
      : new PubSubTransport({ ...shared, subscriber, timeoutMs })
    const patienceMs = blocking ? undefined : timeoutMs
    const storeDeps = { runner, queue, generation, waits, patienceMs }
    this.#replies = new RedisReplies({ ...storeDeps, node })
    this.#presence = new RedisPresence(storeDeps)
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

  /** Subscribes, and starts the node's lease; rejects if Redis does not reply. */
  async start(): Promise<void> {
    const { general, subscriber } = this.#connections
    await subscriber.subscribe(this.#name('control'), () => void this.#check())
    await subscriber.subscribe(this.#name(`node:${this.#node}`), (message) => {
      const end = message.indexOf('\n')
      this.#replies.resolveWaiting(message.slice(0, end), message.slice(end + 1))
    })
    await this.#history.lease(this.#node, LEASE_MS)
    for (const connection of [general, subscriber]) {
      const reconnected = (): void => {
        // Messages of the meantime did not arrive, and Redis may have lost data.
        this.#generation.invalidate()
        void this.#check()
      }
      this.#offReady.push(connection.onReady(reconnected))
    }
    void this.#upkeep()
    await this.#warnOfEviction()
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    remember?: StoredReply,
  ): Promise<readonly Position[]> {
    const positions = await this.#transport.publish(channels, event, remember)
    const [at] = positions
    // Redis notifies the other nodes only.
    if (remember && at) {
      this.#replies.resolveWaiting(remember.key, publishedRecord({ channel: event.source, ...at }))
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
    for (const off of this.#offReady.splice(0)) off()
    this.#listeners.clear()
    this.#replies.close()
    this.#transport.close()
    this.#connections.subscriber.close()
    // The running requests of this node are lost: end its lease, so that other nodes do not wait.
    const lease = this.#name(`node:${this.#node}`)
    this.#connections.general.command(['DEL', lease]).catch(() => {})
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

  /** Reports a Redis that evicts keys: requests would run twice. */
  async #warnOfEviction(): Promise<void> {
    const info = String(await this.#connections.general.command(['INFO', 'memory']))
    const [, policy = 'noeviction'] = /maxmemory_policy:([\w-]+)/.exec(info) ?? []
    if (policy === 'noeviction' || /maxmemory:0\s/.test(info)) return
    this.#report(new Error(`Redis may evict keys (${policy}). Set maxmemory-policy to noeviction.`))
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

  async #upkeep(): Promise<void> {
    for (let time = 1; !this.#waits.closed; time++) {
      await this.#waits.wait(UPKEEP_MS)
      if (this.#waits.closed) return
      try {
        await this.#history.lease(this.#node, LEASE_MS)
        await this.#replies.checkWaiting()
        if (time % CHECK_EVERY === 0) await this.#check()
      } catch (error) {
        if (!this.#waits.closed) this.#report(error)
      }
    }
  }

  #name(suffix: string): string {
    return `${this.#options.prefix}:${suffix}`
  }

  /** @internal Vue's `reactive` does not proxy objects with their own `toStringTag`. */
  get [Symbol.toStringTag](): string {
    return 'RedisBroker'
  }
}

/** The connections of a {@link RedisBroker}. */
export interface RedisConnections {
  /** The application's connection, for all commands but those below. */
  readonly general: RedisConnection
  readonly subscriber: RedisConnection
  /** For blocking reads; `undefined` with `pub-sub`. */
  readonly blocking: RedisConnection | undefined
}

/**
 * Creates a broker from a connected client. It opens further connections, one for pub/sub and, with
 * `streams`, one for blocking reads; `close()` closes these, but not the client.
 *
 * Rejects if Redis cannot be reached.
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
