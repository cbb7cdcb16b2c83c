import type { Position } from '../../../protocol/frame.ts'
import type { Missed, NewEvent, Remember } from '../../broker/broker.ts'
import type { BatchQueue } from '../batch-queue.ts'
import type { Pauses } from '../cancellable-waits.ts'
import type { RedisConnection } from '../connection/redis-connection.ts'
import type { StreamEntry } from '../connection/resp-values.ts'
import type { ScriptRunner } from '../connection/script-runner.ts'
import { append, positionsOf } from './append-step.ts'
import type { Feed, FeedListener } from './channel-transport.ts'
import type { Histories } from './history-reader.ts'
import { birthOf, eventOf } from './history-reader.ts'
import { StreamReader } from './stream-reader.ts'

/** What {@link StreamsFeed} needs. */
export interface StreamsFeedParts {
  readonly prefix: string
  readonly node: string
  /** The connection for blocking reads. */
  readonly blocking: RedisConnection
  readonly runner: ScriptRunner
  readonly queue: BatchQueue
  readonly histories: Histories
  readonly pauses: Pauses
  readonly listener: FeedListener
  readonly report: (error: unknown) => void
}

/**
 * Channels as streams: an event is in its stream before anybody hears of it, and every process reads
 * what it follows in the stream's order, its own events included.
 */
export class StreamsFeed implements Feed {
  readonly #parts: StreamsFeedParts
  readonly #reader: StreamReader
  /** The epochs of the channels that are followed. */
  readonly #epochs = new Map<string, string>()

  constructor(parts: StreamsFeedParts) {
    this.#parts = parts
    const { blocking, runner, pauses, node, prefix, listener, report } = parts
    this.#reader = new StreamReader({
      connection: blocking,
      runner,
      pauses,
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
    return positionsOf(await append(this.#parts.queue, channels, event, remember).done)
  }

  async follow(channel: string): Promise<void> {
    this.#begin(channel, await this.#parts.histories.head(channel))
  }

  unfollow(channel: string): void {
    this.#epochs.delete(channel)
    this.#reader.delete(this.#key(channel))
  }

  async since(channel: string, position: Position): Promise<Missed> {
    return this.#parts.histories.since(channel, position)
  }

  check(channel: string, head: Position): void {
    // Within its epoch the reader gets there by itself, and a hole shows.
    if (this.#epochs.get(channel) === head.epoch) return
    this.#begin(channel, head)
    this.#parts.listener.broken(channel, head)
  }

  close(): void {
    this.#parts.blocking.close()
  }

  #begin(channel: string, head: Position): void {
    this.#epochs.set(channel, head.epoch)
    this.#reader.set(this.#key(channel), `${birthOf(head.epoch)}-${head.offset}`)
  }

  #read(channel: string, entry: StreamEntry): void {
    const { listener } = this.#parts
    const epoch = this.#epochs.get(channel) ?? ''
    if (!entry.id.startsWith(`${birthOf(epoch)}-`)) {
      // The counter that we know was lost: its successor's epoch has to be asked for.
      this.#epochs.set(channel, '')
      void listener.doubt()
      return
    }
    const event = eventOf(channel, epoch, entry)
    if (event) listener.event(event)
  }

  #key(channel: string): string {
    return `${this.#parts.prefix}:stream:${channel}`
  }
}
