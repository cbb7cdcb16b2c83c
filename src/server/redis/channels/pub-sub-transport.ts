import type { Position } from '../../../protocol/frame.ts'
import type { Missed, NewEvent, Remember } from '../../broker/broker.ts'
import { ChannelEvent } from '../../broker/channel-event.ts'
import { publishedRecord } from '../../broker/request-record.ts'
import type { BatchQueue, Step } from '../batch-queue.ts'
import type { Pauses } from '../cancellable-waits.ts'
import type { RedisConnection } from '../connection/redis-connection.ts'
import { append, positionsOf } from './append-step.ts'
import type { Feed, FeedListener } from './channel-transport.ts'
import { readEvent } from './event-codec.ts'
import type { Histories } from './history-reader.ts'

/** What {@link PubSubFeed} needs. */
export interface PubSubFeedParts {
  readonly prefix: string
  readonly node: string
  readonly subscriber: RedisConnection
  readonly queue: BatchQueue
  readonly histories: Histories
  readonly pauses: Pauses
  readonly listener: FeedListener
  /** How long an event waits for Redis, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Channels as pub/sub channels with a counter: nothing is kept, so whoever missed anything has a gap.
 *
 * While Redis does not answer, events reach the listeners of this process, and have no place. Once it
 * does again the era is ended, so that every channel of every node has a gap: the others did not hear.
 */
export class PubSubFeed implements Feed {
  readonly #parts: PubSubFeedParts
  /** The last change of every channel's subscription: they go one by one. */
  readonly #turns = new Map<string, Promise<void>>()
  /** The events that were told here without Redis, though Redis may still tell them. */
  readonly #told = new Set<number>()
  #serial = 0
  #away = false

  constructor(parts: PubSubFeedParts) {
    this.#parts = parts
  }

  async publish(
    channels: readonly string[],
    event: NewEvent,
    remember: Remember | undefined,
  ): Promise<readonly Position[]> {
    if (this.#away) return this.#tellHere(channels, event, remember)
    const { queue, pauses, timeoutMs } = this.#parts
    this.#serial += 1
    const serial = this.#serial
    const step = append(queue, channels, event, remember, serial)
    const reply = await pauses.within(timeoutMs, step.done)
    if (reply !== undefined) return positionsOf(reply)
    // At the close there is nobody to tell, and the step rejects.
    if (pauses.closed) return positionsOf(await step.done)
    this.#giveUp(step, serial)
    return this.#tellHere(channels, event, remember)
  }

  async follow(channel: string): Promise<void> {
    await this.#inTurn(channel, () =>
      this.#parts.subscriber.subscribe(this.#name(channel), (message) =>
        this.#heard(channel, message),
      ),
    )
  }

  unfollow(channel: string): void {
    this.#inTurn(channel, () => this.#parts.subscriber.unsubscribe(this.#name(channel))).catch(
      () => {},
    )
  }

  async since(channel: string, { epoch, offset }: Position): Promise<Missed> {
    const head = await this.#parts.histories.head(channel)
    return { head, events: [], complete: head.epoch === epoch && head.offset === offset }
  }

  check(channel: string, head: Position): void {
    this.#parts.listener.broken(channel, head)
  }

  close(): void {}

  #heard(channel: string, message: string): void {
    const end = message.indexOf('\n')
    const [epoch = '', offset, node, serial, ...head] = message.slice(0, end).split(' ')
    const position = { epoch, offset: Number(offset) }
    if (node === this.#parts.node && this.#told.delete(Number(serial))) {
      // They have it, without knowing its place.
      this.#parts.listener.broken(channel, position)
      return
    }
    const event = readEvent({ head: head.join(' '), json: message.slice(end + 1) })
    if (event) this.#parts.listener.event(new ChannelEvent(channel, position, event))
  }

  #giveUp(step: Step, serial: number): void {
    if (!this.#parts.queue.withdraw(step)) {
      this.#told.add(serial)
      const { listener } = this.#parts
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
    const { listener, queue } = this.#parts
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
    const { histories, pauses, listener } = this.#parts
    for (let attempt = 0; !pauses.closed; attempt++) {
      try {
        await histories.renew()
        this.#away = false
        await listener.doubt()
        return
      } catch {
        await pauses.backoff(attempt)
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
    return `${this.#parts.prefix}:events:${channel}`
  }
}
