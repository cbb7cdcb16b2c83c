import type { Refusal } from '../../base/errors.ts'
import type { SubscribeCommand, UnsubscribeCommand } from '../../protocol/command.ts'
import type { Position } from '../../protocol/frame.ts'
import type { ReceivableEvent, User } from '../access/hooks.ts'
import { refusal } from '../access/refusals.ts'
import type { HistorySlice } from '../broker/broker.ts'
import type { NewEvent } from '../broker/channel-event.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { ChannelManagerOptions } from './channel-options.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import { ChannelTable } from './channel-table.ts'
import type { Membership } from './membership.ts'
import { standaloneParts } from './standalone-parts.ts'
import type { SubscriptionsDeps } from './subscriptions.ts'
import { Subscriptions } from './subscriptions.ts'

/** What may be said of an event besides its payload. */
export interface PublishOptions {
  /** The event's id, for receivers that have to recognise it. */
  readonly id?: string | undefined
}

/** A subscribe whose receiver is being asked about. */
interface Asking {
  readonly receiver: ChannelReceiver
  readonly name: string
  revoked: boolean
}

/**
 * The channels of a server: who is subscribed to which, may be, and gets what.
 *
 * A server has one (`server.channels`). Alone it serves whatever can be sent texts.
 *
 * @example
 * const channels = new ChannelManager({ authorize: (user) => user !== null })
 * const receiver = { dialect: nativeServer, user, send: (text) => socket.send(text) }
 * await channels.subscribe(receiver, { requestId: '1', channels: ['news'] })
 * await channels.publish('news', 'headline', { text: 'Rain.' })
 * channels.leave(receiver)
 */
export class ChannelManager {
  readonly #deps: SubscriptionsDeps
  readonly #subscriptions = new Map<ChannelReceiver, Subscriptions>()
  readonly #asking = new Set<Asking>()

  constructor(options?: ChannelManagerOptions)
  /** @internal A server builds the dependencies itself. */
  constructor(options: ChannelManagerOptions, deps: ChannelDeps)
  constructor(options: ChannelManagerOptions = {}, deps: ChannelDeps = standaloneParts(options)) {
    const admits = (receiver: ChannelReceiver, name: string): Promise<boolean> =>
      this.#admits(receiver, name)
    this.#deps = { ...deps, table: new ChannelTable(deps), admits }
  }

  /** How many channels have members. */
  get size(): number {
    return this.#deps.table.size
  }

  /** How many subscriptions there are. */
  get subscriptions(): number {
    return this.#deps.table.memberships
  }

  /** How many events were not published because their channel had too many. */
  get dropped(): number {
    return this.#deps.cap.dropped
  }

  /** The members of a channel at this moment. */
  members(channel: string): readonly ChannelReceiver[] {
    return this.#deps.table.members(channel).map(({ receiver }) => receiver)
  }

  /** The channels a receiver is subscribed to. */
  channelsOf(receiver: ChannelReceiver): readonly string[] {
    return this.#subscriptions.get(receiver)?.names ?? []
  }

  /**
   * Answers a subscribe, then tells the receiver what it missed, then what happens. What is asked for
   * one receiver is done one by one.
   *
   * @returns settles once the missed events are sent; never rejects
   */
  subscribe(
    receiver: ChannelReceiver,
    command: Pick<SubscribeCommand, 'requestId' | 'channels'> & Partial<SubscribeCommand>,
  ): Promise<void> {
    return this.#of(receiver).subscribe({ since: new Map(), ...command })
  }

  /** Answers an unsubscribe; channels the receiver was not subscribed to do not matter. */
  unsubscribe(receiver: ChannelReceiver, command: Omit<UnsubscribeCommand, 'kind'>): Promise<void> {
    return this.#of(receiver).unsubscribe(command)
  }

  /**
   * Resolves once what was asked for a receiver is done; `undefined` where nothing is under way.
   */
  pending(receiver: ChannelReceiver): Promise<void> | undefined {
    return this.#subscriptions.get(receiver)?.pending
  }

  /** Ends all that a receiver is subscribed to, without telling it. */
  leave(receiver: ChannelReceiver): void {
    this.#subscriptions.get(receiver)?.end()
    this.#subscriptions.delete(receiver)
  }

  /**
   * The channels of a receiver that moved since this was asked last, with the last place due to it;
   * `undefined` where there is none.
   */
  moved(receiver: ChannelReceiver): ReadonlyMap<string, Position> | undefined {
    return this.#subscriptions.get(receiver)?.moved()
  }

  /**
   * Adds an event to a channel and tells its members. While a handler of the server's requests runs,
   * this is what `publish` of its context does.
   *
   * Rejects with `bad-channel`, `too-large`, `rate-limited` where the channel has more events than it
   * may, or a `TypeError` for a type or payload that cannot be an event's.
   *
   * @returns its place in the channel's history
   */
  async publish(
    channel: string,
    type: string,
    payload?: unknown,
    options: PublishOptions = {},
  ): Promise<Position> {
    const { ongoing, publisher, clock } = this.#deps
    const request = ongoing.current
    if (request) return request.publish(channel, type, payload, options.id)
    const event = { type, id: options.id, timestamp: clock.wall() }
    return publisher.publish(channel, event, payload)
  }

  /**
   * Adds an event whose payload is JSON text and that has a timestamp of its own. It belongs to no
   * request, also while a handler runs. Rejects as {@link publish} does.
   */
  append(event: NewEvent): Promise<Position> {
    return this.#deps.publisher.append(event)
  }

  /** Whether the application lets a receiver have an event of a channel; never throws. */
  mayReceive(
    { user }: Pick<ChannelReceiver, 'user'>,
    channel: string,
    event: ReceivableEvent,
  ): boolean {
    return this.#deps.access.canReceive(user, channel, event)
  }

  /** The position of the newest event of a channel. */
  head(channel: string): Promise<Position> {
    return this.#deps.broker.head(channel)
  }

  /** What happened on a channel after a position. */
  history(channel: string, since: Position): Promise<HistorySlice> {
    return this.#deps.broker.since(channel, since)
  }

  /**
   * Takes a subscription away from a receiver, or from all receivers of a user, and tells them. They
   * may subscribe anew where `authorize` allows it: change what that knows first.
   *
   * @param code why, as the receivers are told
   * @returns how many subscriptions were taken away
   */
  revoke(from: ChannelReceiver | Pick<User, 'id'>, channel: string, code = 'forbidden'): number {
    const isMeant = (receiver: ChannelReceiver): boolean =>
      'dialect' in from ? receiver === from : receiver.user?.id === from.id
    for (const asking of this.#asking) {
      if (asking.name === channel && isMeant(asking.receiver)) asking.revoked = true
    }
    const error: Refusal = { ...refusal('forbidden', channel), code }
    const members = this.#deps.table.members(channel).filter(({ receiver }) => isMeant(receiver))
    for (const member of members) member.revoke(error)
    return members.length
  }

  /**
   * Makes a receiver a member without asking whether it may be, and without a word; for mounts whose
   * dialect has no subscribe. The membership is held until it is settled, and misses nothing once
   * `followed` resolves; where that rejects it has to leave.
   *
   * @param revoked called where the membership was taken away
   */
  join(
    channel: string,
    receiver: ChannelReceiver,
    revoked: (error: Refusal) => void,
  ): { readonly membership: Membership; readonly followed: Promise<unknown> } {
    return this.#deps.table.join(channel, receiver, revoked)
  }

  /** Ends what waits to be published, and the broker where it was made here. */
  async close(): Promise<void> {
    const { cap, sweep, broker, ownsBroker } = this.#deps
    cap.close()
    sweep.close()
    if (ownsBroker) await broker.close()
  }

  #of(receiver: ChannelReceiver): Subscriptions {
    const own = this.#subscriptions.get(receiver) ?? new Subscriptions(this.#deps, receiver)
    this.#subscriptions.set(receiver, own)
    return own
  }

  /** What is revoked while `authorize` thinks is not granted by its answer. */
  async #admits(receiver: ChannelReceiver, name: string): Promise<boolean> {
    const asking: Asking = { receiver, name, revoked: false }
    this.#asking.add(asking)
    const may = await this.#deps.access.authorize(receiver.user, name, 'subscribe')
    this.#asking.delete(asking)
    return may && !asking.revoked
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ChannelManager'
  }
}
