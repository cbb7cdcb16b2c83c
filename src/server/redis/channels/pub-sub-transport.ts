import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice, Remember } from '../../broker/broker.ts'
import type { NewEvent } from '../../broker/channel-event.ts'
import { ChannelEvent } from '../../broker/channel-event.ts'
import { publishedRecord } from '../../broker/request-record.ts'
import type { BatchQueue, BatchStep } from '../batch-queue.ts'
import type { CancellableWaits } from '../cancellable-waits.ts'
import type { RedisConnection } from '../connection/redis-connection.ts'
import { append, positionsOf } from './append-step.ts'
import type { ChannelTransport, TransportListener } from './channel-transport.ts'
import { readEvent } from './event-codec.ts'
import type { HistoryReader } from './history-reader.ts'

/** What {@link PubSubTransport} needs. */
export interface PubSubTransportDeps {
  readonly prefix: string
  readonly node: string
  readonly subscriber: RedisConnection
  readonly queue: BatchQueue
  readonly history: HistoryReader
  readonly waits: CancellableWaits
  readonly listener: TransportListener
  /** How long an event waits for Redis, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Channels as pub/sub channels with a counter: nothing is kept, so whoever missed anything has a gap.
 *
 * While Redis does not answer, events reach the listeners of this process, and have no place. Once it
 * does again the era is ended, so that every channel of every node has a gap: the others did not hear.
 */
export class PubSubTransport implements ChannelTransport {
  readonly #deps: PubSubTransportDeps
  /** The last change of every channel's subscription: they go one by one. */
  readonly #turns = new Map<string, Promise<void>>()
  /** The events that were told here without Redis, though Redis may still tell them. */
  readonly #told = new Set<number>()
  #serial = 0
  #away = false

  constructor(deps: PubSubTransportDeps) {
    this.#deps = deps
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    remember: Remember | undefined,
  ): Promise<readonly Position[]> {
    if (this.#away) return this.#tellHere(channels, event, remember)
    const { queue, waits, timeoutMs } = this.#deps
    this.#serial += 1
    const serial = this.#serial
    const step = append(queue, channels, event, remember, serial)
    const reply = await waits.within(timeoutMs, step.done)
    if (reply !== undefined) return positionsOf(reply)
    // At the close there is nobody to tell, and the step rejects.
    if (waits.closed) return positionsOf(await step.done)
    this.#giveUp(step, serial)
    return this.#tellHere(channels, event, remember)
  }

  async follow(channel: string): Promise<void> {
    await this.#inTurn(channel, () =>
      this.#deps.subscriber.subscribe(this.#name(channel), (message) =>
        this.#heard(channel, message),
      ),
    )
  }

  unfollow(channel: string): void {
    this.#inTurn(channel, () => this.#deps.subscriber.unsubscribe(this.#name(channel))).catch(
      () => {},
    )
  }

  async since(channel: string, { epoch, offset }: Position): Promise<HistorySlice> {
    const head = await this.#deps.history.head(channel)
    return { head, events: [], complete: head.epoch === epoch && head.offset === offset }
  }

  check(channel: string, head: Position): void {
    this.#deps.listener.broken(channel, head)
  }

  close(): void {}

  #heard(channel: string, message: string): void {
    const end = message.indexOf('\n')
    const [epoch = '', offset, node, serial, ...head] = message.slice(0, end).split(' ')
    const position = { epoch, offset: Number(offset) }
    if (node === this.#deps.node && this.#told.delete(Number(serial))) {
      // They have it, without knowing its place.
      this.#deps.listener.broken(channel, position)
      return
    }
    const event = readEvent({ head: head.join(' '), json: message.slice(end + 1) })
    if (event) this.#deps.listener.event(new ChannelEvent(channel, position, event))
  }

  #giveUp(step: BatchStep, serial: number): void {
    if (!this.#deps.queue.withdraw(step)) {
      this.#told.add(serial)
      const { listener } = this.#deps
      // Once Redis has told it, and that was heard, it will not be told again.
      const told = step.done.then(() => listener.doubt())
      told.catch(() => {}).finally(() => this.#told.delete(serial))
    }
    if (this.#away) return
    this.#away = true
    void this.#return()
  }

  #tellHere(
    channels: readonly string[],
    event: NewEvent,
    remember: Remember | undefined,
  ): readonly Position[] {
    const { listener, queue } = this.#deps
    for (const channel of channels) listener.event(new ChannelEvent(channel, undefined, event))
    const nowhere = { epoch: '', offset: 0 }
    if (remember) {
      const record = publishedRecord({ channel: event.source, ...nowhere })
      queue.push(['settle', remember.key, record, `${remember.keepMs}`]).done.catch(() => {})
    }
    return channels.map(() => nowhere)
  }

  /** Waits until Redis answers, and then ends the era. */
  async #return(): Promise<void> {
    const { history, waits, listener } = this.#deps
    for (let attempt = 0; !waits.closed; attempt++) {
      try {
        await history.renew()
        this.#away = false
        await listener.doubt()
        return
      } catch {
        await waits.backoff(attempt)
      }
    }
  }

  #inTurn(channel: string, step: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(channel) ?? Promise.resolve()).then(step, step)
    this.#turns.set(channel, turn)
    const done = (): void => {
      if (this.#turns.get(channel) === turn) this.#turns.delete(channel)
    }
    turn.then(done, done)
    return turn
  }

  #name(channel: string): string {
    return `${this.#deps.prefix}:events:${channel}`
  }
}
