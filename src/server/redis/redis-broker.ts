import { randomId } from '../../base/ids.ts'
import { safely } from '../../base/report.ts'
import type { Position } from '../../protocol/frame.ts'
import type { Broker, ChannelListener, HistorySlice, Remember } from '../broker/broker.ts'
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
import { RedisAnswers } from './redis-answers.ts'
import { RedisRates } from './redis-rates.ts'
import { StoreGeneration } from './store-generation.ts'

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
  readonly #waits: CancellableWaits
  readonly #generation: StoreGeneration
  readonly #history: HistoryReader
  readonly #answers: RedisAnswers
  readonly #presence: RedisPresence
  readonly #rates: RedisRates
  readonly #transport: ChannelTransport
  readonly #listeners = new ListenerTable()
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
      doubt: () => this.#check(),
    }
    const shared = { prefix, node, queue, history, waits, listener }
    this.#transport = blocking
      ? new StreamsTransport({ ...shared, blocking, runner, report })
      : new PubSubTransport({ ...shared, subscriber, timeoutMs })
    const patienceMs = blocking ? undefined : timeoutMs
    const asking = { runner, queue, generation, waits, patienceMs }
    this.#answers = new RedisAnswers({ ...asking, node })
    this.#presence = new RedisPresence(asking)
    this.#rates = new RedisRates({ runner, waits, report })
  }

  get answers(): ReplyStore {
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
    await this.#history.lease(this.#node, LEASE_MS)
    for (const connection of [general, subscriber]) {
      const returned = (): void => {
        // What happened while it was away was not heard, and perhaps is not remembered.
        this.#generation.doubt()
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
    const positions = await this.#transport.publish(channels, event, remember)
    const [at] = positions
    // Other nodes hear it from Redis, which does not tell us what we did.
    if (remember && at) {
      this.#answers.tell(remember.key, publishedRecord({ channel: event.source, ...at }))
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
    this.#answers.close()
    this.#transport.close()
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
    for (let attempt = 0; this.#checkAgain && !this.#waits.closed; ) {
      this.#checkAgain = false
      try {
        await this.#mark()
        const heads = await this.#history.heads(this.#listeners.names)
        await this.#mark()
        const followed = new Set(this.#listeners.names)
        for (const [name, head] of heads) if (followed.has(name)) this.#transport.check(name, head)
        attempt = 0
      } catch {
        this.#checkAgain = true
        await this.#waits.backoff(attempt++)
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
    for (let time = 1; !this.#waits.closed; time++) {
      await this.#waits.wait(UPKEEP_MS)
      if (this.#waits.closed) return
      try {
        await this.#history.lease(this.#node, LEASE_MS)
        await this.#answers.lookAfter()
        if (time % CHECK_EVERY === 0) await this.#check()
      } catch (error) {
        if (!this.#waits.closed) this.#report(error)
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
