import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice, Remember } from '../../broker/broker.ts'
import type { NewEvent } from '../../broker/channel-event.ts'
import type { BatchQueue } from '../batch-queue.ts'
import type { CancellableWaits } from '../cancellable-waits.ts'
import type { RedisConnection } from '../connection/redis-connection.ts'
import type { StreamEntry } from '../connection/resp-values.ts'
import type { ScriptRunner } from '../connection/script-runner.ts'
import { append, positionsOf } from './append-step.ts'
import type { ChannelTransport, TransportListener } from './channel-transport.ts'
import type { HistoryReader } from './history-reader.ts'
import { counterIdOf, eventOf } from './history-reader.ts'
import { StreamReader } from './stream-reader.ts'

/** What {@link StreamsTransport} needs. */
export interface StreamsTransportDeps {
  readonly prefix: string
  readonly node: string
  /** The connection for blocking reads. */
  readonly blocking: RedisConnection
  readonly runner: ScriptRunner
  readonly queue: BatchQueue
  readonly history: HistoryReader
  readonly waits: CancellableWaits
  readonly listener: TransportListener
  readonly report: (error: unknown) => void
}

/**
 * Channels as streams: an event is in its stream before anybody hears of it, and every process reads
 * what it follows in the stream's order, its own events included.
 */
export class StreamsTransport implements ChannelTransport {
  readonly #deps: StreamsTransportDeps
  readonly #reader: StreamReader
  /** The epochs of the channels that are followed. */
  readonly #epochs = new Map<string, string>()

  constructor(deps: StreamsTransportDeps) {
    this.#deps = deps
    const { blocking, runner, waits, node, prefix, listener, report } = deps
    this.#reader = new StreamReader({
      connection: blocking,
      runner,
      waits,
      node,
      wakeKey: `${prefix}:wake:${node}`,
      read: (key, entry) => this.#read(key.slice(this.#key('').length), entry),
      failed: () => listener.doubt(),
      report,
    })
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    remember: Remember | undefined,
  ): Promise<readonly Position[]> {
    return positionsOf(await append(this.#deps.queue, channels, event, remember).done)
  }

  async follow(channel: string): Promise<void> {
    this.#begin(channel, await this.#deps.history.head(channel))
  }

  unfollow(channel: string): void {
    this.#epochs.delete(channel)
    this.#reader.delete(this.#key(channel))
  }

  async since(channel: string, position: Position): Promise<HistorySlice> {
    return this.#deps.history.since(channel, position)
  }

  check(channel: string, head: Position): void {
    // Within its epoch the reader gets there by itself, and a hole shows.
    if (this.#epochs.get(channel) === head.epoch) return
    this.#begin(channel, head)
    this.#deps.listener.broken(channel, head)
  }

  close(): void {
    this.#deps.blocking.close()
  }

  #begin(channel: string, head: Position): void {
    this.#epochs.set(channel, head.epoch)
    this.#reader.set(this.#key(channel), `${counterIdOf(head.epoch)}-${head.offset}`)
  }

  #read(channel: string, entry: StreamEntry): void {
    const { listener } = this.#deps
    const epoch = this.#epochs.get(channel) ?? ''
    if (!entry.id.startsWith(`${counterIdOf(epoch)}-`)) {
      // The counter that we know was lost: its successor's epoch has to be asked for.
      this.#epochs.set(channel, '')
      void listener.doubt()
      return
    }
    const event = eventOf(channel, epoch, entry)
    if (event) listener.event(event)
  }

  #key(channel: string): string {
    return `${this.#deps.prefix}:stream:${channel}`
  }
}
