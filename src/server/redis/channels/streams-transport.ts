import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice } from '../../broker/broker.ts'
import type { NewEvent } from '../../broker/channel-event.ts'
import type { ResolvedHistoryLimits } from '../../broker/history-limits.ts'
import type { BatchQueue } from '../batches/batch-queue.ts'
import type { CancellableWaits } from '../connection/cancellable-waits.ts'
import type { OwnConnection } from '../connection/own-connection.ts'
import type { StreamEntry } from '../connection/resp-values.ts'
import type { ScriptRunner } from '../connection/script-runner.ts'
import type { EventRequest } from './append-step.ts'
import { append, positionsOf } from './append-step.ts'
import type { ChannelTransport, TransportListener } from './channel-transport.ts'
import type { HistoryReader } from './history-reader.ts'
import { counterIdOf, eventOf } from './history-reader.ts'
import { ReaderLag } from './reader-lag.ts'
import { StreamReader } from './stream-reader.ts'

/**
 * Longest pause of publishing while the reader of this process is behind and reads nothing, in
 * milliseconds.
 */
const MAX_PAUSE_MS = 1_000
/** A process stops publishing while its reader is behind by this part of a channel's history. */
const LAGS_PER_HISTORY = 8

/**
 * A transport over Redis streams. An event is in its stream before any listener receives it, and
 * every process reads its followed streams in order, including its own events.
 */
export class StreamsTransport implements ChannelTransport {
  readonly #deps: StreamsTransportDeps
  readonly #reader: StreamReader
  readonly #lag: ReaderLag
  /** Number of entries read so far. */
  #reads = 0
  /** The epochs of the followed channels. */
  readonly #epochs = new Map<string, string>()

  constructor(deps: StreamsTransportDeps) {
    this.#deps = deps
    const { blocking, runner, waits, node, prefix, listener, limits, report } = deps
    this.#lag = new ReaderLag(limits.channelBytes / LAGS_PER_HISTORY)
    this.#reader = new StreamReader({
      connection: blocking,
      runner,
      waits,
      node,
      wakeKey: `${prefix}:wake:${node}`,
      read: (key, entry) => this.#read(key.slice(this.#key('').length), entry),
      failed: () => listener.recheck(),
      report,
    })
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    request: EventRequest | undefined,
  ): Promise<readonly Position[]> {
    const positions = positionsOf(await append(this.#deps.queue, channels, event, request).done)
    const bytes = event.json?.length ?? 0
    for (const [at, { epoch, offset }] of positions.entries()) {
      const channel = channels[at] ?? ''
      if (this.#epochs.get(channel) === epoch) this.#lag.published(channel, offset, bytes)
    }
    return positions
  }

  pace(): Promise<unknown> | undefined {
    return this.#lag.isBehind() ? this.#catchUp() : undefined
  }

  async follow(channel: string): Promise<void> {
    this.#begin(channel, await this.#deps.history.head(channel))
  }

  unfollow(channel: string): void {
    this.#epochs.delete(channel)
    this.#lag.unfollow(channel)
    this.#reader.delete(this.#key(channel))
  }

  async since(channel: string, position: Position): Promise<HistorySlice> {
    return this.#deps.history.since(channel, position)
  }

  check(channel: string, head: Position): void {
    // In the same epoch the reader reaches `head` by itself, and a gap shows in the offsets.
    if (this.#epochs.get(channel) === head.epoch) return
    // The epoch may have events already, which no listener of this process has received.
    const start = { ...head, offset: 0 }
    this.#begin(channel, start)
    this.#deps.listener.broken(channel, start)
  }

  async #catchUp(): Promise<void> {
    // While the reader reads nothing, publishing goes on slowly: it may be stuck.
    for (let reads = -1; this.#lag.isBehind() && reads < this.#reads; ) {
      reads = this.#reads
      await this.#deps.waits.within(MAX_PAUSE_MS, this.#lag.caughtUp())
    }
  }

  #begin(channel: string, head: Position): void {
    this.#epochs.set(channel, head.epoch)
    this.#lag.follow(channel, head.offset)
    this.#reader.set(this.#key(channel), `${counterIdOf(head.epoch)}-${head.offset}`)
  }

  #read(channel: string, entry: StreamEntry): void {
    const { listener } = this.#deps
    this.#reads += 1
    const epoch = this.#epochs.get(channel) ?? ''
    if (!entry.id.startsWith(`${counterIdOf(epoch)}-`)) {
      // The channel has a new counter; the recheck reads its epoch.
      this.#epochs.set(channel, '')
      void listener.recheck()
      return
    }
    const event = eventOf(channel, epoch, entry)
    if (event) listener.event(event)
    this.#lag.read(channel, Number(entry.id.slice(entry.id.indexOf('-') + 1)))
  }

  #key(channel: string): string {
    return `${this.#deps.prefix}:stream:${channel}`
  }
}

/** Dependencies of a {@link StreamsTransport}. */
export interface StreamsTransportDeps {
  readonly prefix: string
  readonly node: string
  /** The connection for blocking reads. */
  readonly blocking: OwnConnection
  readonly runner: ScriptRunner
  readonly limits: ResolvedHistoryLimits
  readonly queue: BatchQueue
  readonly history: HistoryReader
  readonly waits: CancellableWaits
  readonly listener: TransportListener
  readonly report: (error: unknown) => void
}
