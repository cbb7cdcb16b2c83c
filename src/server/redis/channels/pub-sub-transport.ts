import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice } from '../../broker/broker.ts'
import type { NewEvent } from '../../broker/channel-event.ts'
import { ChannelEvent } from '../../broker/channel-event.ts'
import { publishedRecord } from '../../broker/request-record.ts'
import type { BatchQueue, BatchStep } from '../batches/batch-queue.ts'
import { withinRequest } from '../batches/request-step.ts'
import type { CancellableWaits } from '../connection/cancellable-waits.ts'
import type { OwnConnection } from '../connection/own-connection.ts'
import type { EventRequest } from './append-step.ts'
import { append, positionsOf } from './append-step.ts'
import type { ChannelTransport, TransportListener } from './channel-transport.ts'
import { readEvent } from './event-codec.ts'
import type { HistoryReader } from './history-reader.ts'

/**
 * A transport over Redis pub/sub, with a counter per channel. There is no history, so a receiver
 * that missed an event has a gap.
 *
 * While Redis does not reply, events reach the listeners of this process only, without a position.
 * Afterwards a new generation starts, which is a gap on every channel of every node.
 */
export class PubSubTransport implements ChannelTransport {
  readonly #deps: PubSubTransportDeps
  /** The last subscribe or unsubscribe of each channel; they run one after the other. */
  readonly #changes = new Map<string, Promise<void>>()
  /** Serials of events that were delivered locally, but may still arrive from Redis. */
  readonly #deliveredLocally = new Set<number>()
  #serial = 0
  #offline = false

  constructor(deps: PubSubTransportDeps) {
    this.#deps = deps
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    request: EventRequest | undefined,
  ): Promise<readonly Position[]> {
    if (this.#offline) return this.#deliverLocally(channels, event, request)
    const { queue, waits, timeoutMs } = this.#deps
    this.#serial += 1
    const serial = this.#serial
    const step = append(queue, channels, event, request, serial)
    const reply = await waits.within(timeoutMs, step.done)
    if (reply !== undefined) return positionsOf(reply)
    // When the broker is closed, the step rejects with `closed`.
    if (waits.closed) return positionsOf(await step.done)
    this.#timedOut(step, serial)
    return this.#deliverLocally(channels, event, request)
  }

  async follow(channel: string): Promise<void> {
    await this.#change(channel, () =>
      this.#deps.subscriber.subscribe(this.#name(channel), (message) =>
        this.#receive(channel, message),
      ),
    )
  }

  unfollow(channel: string): void {
    this.#change(channel, () => this.#deps.subscriber.unsubscribe(this.#name(channel))).catch(
      () => {},
    )
  }

  async since(channel: string, { epoch, offset }: Position): Promise<HistorySlice> {
    const head = await this.#deps.history.head(channel)
    return { head, events: [], complete: head.epoch === epoch && head.offset === offset }
  }

  pace(): undefined {}

  check(channel: string, head: Position): void {
    this.#deps.listener.broken(channel, head)
  }

  #receive(channel: string, message: string): void {
    const end = message.indexOf('\n')
    const [epoch = '', offset, node, serial, ...head] = message.slice(0, end).split(' ')
    const position = { epoch, offset: Number(offset) }
    if (node === this.#deps.node && this.#deliveredLocally.has(Number(serial))) {
      // The listeners already have this event, but without its position.
      this.#deps.listener.broken(channel, position)
      return
    }
    const event = readEvent({ head: head.join(' '), json: message.slice(end + 1) })
    if (event) this.#deps.listener.event(new ChannelEvent(channel, position, event))
  }

  #timedOut(step: BatchStep, serial: number): void {
    if (!this.#deps.queue.withdraw(step)) {
      this.#deliveredLocally.add(serial)
      const { listener } = this.#deps
      // The recheck waits for all messages sent before, so the event cannot arrive after it.
      const received = step.done.then(() => listener.recheck())
      received.catch(() => {}).finally(() => this.#deliveredLocally.delete(serial))
    }
    if (this.#offline) return
    this.#offline = true
    void this.#recover()
  }

  #deliverLocally(
    channels: readonly string[],
    event: NewEvent,
    request: EventRequest | undefined,
  ): readonly Position[] {
    const { listener, queue } = this.#deps
    for (const channel of channels) listener.event(new ChannelEvent(channel, undefined, event))
    const noPosition = { epoch: '', offset: 0 }
    if (request?.keepMs !== undefined) {
      const record = publishedRecord({ channel: event.source, ...noPosition })
      const step = ['finish', request.key, record, `${request.keepMs}`]
      queue.push(withinRequest(request, step)).done.catch(() => {})
    }
    return channels.map(() => noPosition)
  }

  /** Starts a new generation as soon as Redis replies. */
  async #recover(): Promise<void> {
    const { history, waits, listener } = this.#deps
    for (let attempt = 0; !waits.closed; attempt++) {
      try {
        await history.renew()
        this.#offline = false
        await listener.recheck()
        return
      } catch {
        await waits.backoff(attempt)
      }
    }
  }

  #change(channel: string, step: () => Promise<void>): Promise<void> {
    const change = (this.#changes.get(channel) ?? Promise.resolve()).then(step, step)
    this.#changes.set(channel, change)
    const done = (): void => {
      if (this.#changes.get(channel) === change) this.#changes.delete(channel)
    }
    change.then(done, done)
    return change
  }

  #name(channel: string): string {
    return `${this.#deps.messages}:events:${channel}`
  }
}

/** Dependencies of a {@link PubSubTransport}. */
export interface PubSubTransportDeps {
  /** The prefix of all pub/sub channels. */
  readonly messages: string
  readonly node: string
  readonly subscriber: OwnConnection
  readonly queue: BatchQueue
  readonly history: HistoryReader
  readonly waits: CancellableWaits
  readonly listener: TransportListener
  /** Maximum time that an event waits for Redis, in milliseconds. */
  readonly timeoutMs: number
}
