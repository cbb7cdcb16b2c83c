import type { Refusal } from '../../base/errors.ts'
import type { Position } from '../../protocol/frame.ts'
import type { ReceivableEvent, User } from '../access/hooks.ts'
import type { Reach } from '../access/reach.ts'
import { refusal } from '../access/refusals.ts'
import type { HistorySlice } from '../broker/broker.ts'
import type { NewEvent } from '../broker/channel-event.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { ChannelManagerOptions } from './channel-options.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import { ChannelTable } from './channel-table.ts'
import type { ChannelMembership } from './membership.ts'
import { standaloneParts } from './standalone-parts.ts'
import type { SubscriptionsDeps } from './subscriptions.ts'
import { Subscriptions } from './subscriptions.ts'

/**
 * The channels of a server: checks and keeps subscriptions, and delivers events to them.
 *
 * A server has one (`server.channels`). Stand-alone, it serves any {@link ChannelReceiver}.
 *
 * @example
 * import { ChannelManager, nativeServer } from 'wirefold/server'
 *
 * const channels = new ChannelManager({ authorize: (user) => user !== null })
 * const receiver = { dialect: nativeServer, user: { id: 'ada' }, send: console.log }
 * await channels.subscribe(receiver, { requestId: '1', channels: ['news'] })
 * await channels.publish('news', 'headline', { text: 'Rain.' })
 * channels.leave(receiver)
 */
export class ChannelManager {
  readonly #deps: SubscriptionsDeps
  readonly #subscriptions = new Map<ChannelReceiver, Subscriptions>()
  readonly #authorizing = new Set<PendingAuthorization>()

  /** Creates the channels of a stand-alone manager, without a server. */
  constructor(options?: ChannelManagerOptions)
  /** @internal A server passes the dependencies. */
  constructor(options: ChannelManagerOptions, deps: ChannelDeps)
  constructor(options: ChannelManagerOptions = {}, deps: ChannelDeps = standaloneParts(options)) {
    const authorize: SubscriptionsDeps['authorize'] = (...asked) => this.#authorize(...asked)
    this.#deps = { ...deps, table: new ChannelTable(deps), authorize }
  }

  /** Number of channels with members. */
  get size(): number {
    return this.#deps.table.size
  }

  /** Number of subscriptions, of all receivers. */
  get subscriptions(): number {
    return this.#deps.table.memberships
  }

  /** Number of events refused by the rate limit of their channel. */
  get dropped(): number {
    return this.#deps.cap.dropped
  }

  /** Returns the present members of a channel. */
  members(channel: string): readonly ChannelReceiver[] {
    return this.#deps.table.members(channel).map(({ receiver }) => receiver)
  }

  /** Returns the channels a receiver is subscribed to. */
  channelsOf(receiver: ChannelReceiver): readonly string[] {
    return this.#subscriptions.get(receiver)?.names ?? []
  }

  /**
   * Subscribes a receiver: sends it the reply, then the missed events, then live events. The
   * commands of one receiver are carried out one after the other.
   *
   * @param wanted returns false if the subscribe is to be ignored once its turn comes; default always
   * true
   * @returns a promise that settles once the missed events are sent; never rejects
   */
  subscribe(
    receiver: ChannelReceiver,
    { requestId, channels, since = new Map(), params }: ChannelRequest,
    wanted?: () => boolean,
  ): Promise<void> {
    return this.#of(receiver).subscribe({ requestId, channels, since, params }, wanted)
  }

  /**
   * Returns the refusal that a receiver would get for a subscribe to a channel; `undefined` if it may
   * subscribe. Never rejects.
   */
  refusalOf(receiver: ChannelReceiver, channel: string): Promise<Refusal | undefined> {
    return this.#of(receiver).refusalOf(channel)
  }

  /** Unsubscribes a receiver and sends it the reply; ignores channels it is not subscribed to. */
  unsubscribe(receiver: ChannelReceiver, { requestId, channels }: ChannelRequest): Promise<void> {
    return this.#of(receiver).unsubscribe({ requestId, channels })
  }

  /** Resolves once a receiver's commands are done; `undefined` if none is under way. */
  pending(receiver: ChannelReceiver): Promise<void> | undefined {
    return this.#subscriptions.get(receiver)?.pending
  }

  /** Ends all subscriptions of a receiver, without sending it anything. */
  leave(receiver: ChannelReceiver): void {
    this.#subscriptions.get(receiver)?.end()
    this.#subscriptions.delete(receiver)
  }

  /**
   * Returns the last position due to a receiver, for each of its channels where that changed since
   * the previous call; `undefined` if there is none.
   */
  moved(receiver: ChannelReceiver): ReadonlyMap<string, Position> | undefined {
    return this.#subscriptions.get(receiver)?.moved()
  }

  /**
   * Adds an event to a channel and delivers it to the members. While a request handler of the
   * server runs, it does the same as `publish` of its context.
   *
   * Rejects with `bad-channel`, `too-large`, `rate-limited` (too many events on the channel),
   * `bad-option` for an invalid type or id, or `bad-payload` for a payload that is not JSON.
   *
   * @returns the event's position in the channel
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
   * Adds an event with a payload as JSON text and its own timestamp. It belongs to no request, even
   * while a handler runs. Rejects as {@link publish} does.
   */
  append(event: NewEvent): Promise<Position> {
    return this.#deps.publisher.append(event)
  }

  /** Whether `canReceive` lets a receiver have an event of a channel; never throws. */
  mayReceive(
    { user }: Pick<ChannelReceiver, 'user'>,
    channel: string,
    event: ReceivableEvent,
  ): boolean {
    return this.#deps.access.canReceive(user, channel, event)
  }

  /** Returns the newest position of a channel. */
  head(channel: string): Promise<Position> {
    return this.#deps.broker.head(channel)
  }

  /**
   * Returns a channel's events after a position. A mount that sends them has to respect
   * {@link ChannelMembership.since}.
   */
  history(channel: string, since: Position): Promise<HistorySlice> {
    return this.#deps.broker.since(channel, since)
  }

  /**
   * Ends the subscription of a receiver, or of all receivers of a user, and notifies them. They may
   * subscribe again if `authorize` allows it, so withdraw the permission first.
   *
   * @param code the error code sent to the receivers
   * @returns the number of subscriptions ended
   */
  revoke(from: ChannelReceiver | Pick<User, 'id'>, channel: string, code = 'forbidden'): number {
    const matches = (receiver: ChannelReceiver): boolean =>
      'dialect' in from ? receiver === from : receiver.user?.id === from.id
    const error: Refusal = { ...refusal('forbidden', channel), code }
    for (const pending of this.#authorizing) {
      if (pending.name === channel && matches(pending.receiver)) pending.revoked = error
    }
    const members = this.#deps.table.members(channel).filter(({ receiver }) => matches(receiver))
    for (const member of members) member.revoke(error)
    return members.length
  }

  /**
   * Makes a receiver a member after the checks of a subscribe, but without a reply; for mounts whose
   * dialect has no subscribe. The membership misses no event from then on, and holds all until
   * {@link ChannelMembership.deliverFrom}.
   *
   * Rejects with the error of the broker.
   *
   * @param revoked called after the membership was revoked
   * @returns the membership, or the refusal
   */
  async join(
    channel: string,
    receiver: ChannelReceiver,
    revoked: (error: Refusal) => void,
  ): Promise<ChannelMembership | Refusal> {
    const { publisher, table } = this.#deps
    if (!publisher.canFollow(channel)) return refusal('bad-channel', channel)
    const granted = await this.#authorize(receiver, channel)
    if ('code' in granted) return granted
    const membership = table.join(channel, receiver, { revoked: (_, error) => revoked(error) })
    membership.since = granted.since
    try {
      await membership.channel.followed
    } catch (error) {
      membership.leave()
      throw error
    }
    return membership
  }

  /** Rejects the publishes that wait, and closes the broker unless it was passed as an option. */
  async close(): Promise<void> {
    const { access, cap, sweep, broker, ownsBroker } = this.#deps
    access.deadlines.close()
    cap.close()
    sweep.close()
    if (ownsBroker) await broker.close()
  }

  #of(receiver: ChannelReceiver): Subscriptions {
    const known = this.#subscriptions.get(receiver)
    if (known) return known
    const own = new Subscriptions(this.#deps, receiver)
    this.#subscriptions.set(receiver, own)
    return own
  }

  /**
   * Calls `authorize`; a {@link revoke} during the call overrides its result.
   *
   * @returns the part of the past that is allowed, or the refusal
   */
  async #authorize(
    receiver: ChannelReceiver,
    name: string,
    params?: unknown,
  ): Promise<Reach | Refusal> {
    const pending: PendingAuthorization = { receiver, name, revoked: undefined }
    this.#authorizing.add(pending)
    const reach = await this.#deps.access.authorizeSubscribe(receiver.user, name, params)
    this.#authorizing.delete(pending)
    return reach ? (pending.revoked ?? reach) : refusal('forbidden', name)
  }

  /** @internal Vue's `reactive` does not proxy objects with their own `toStringTag`. */
  get [Symbol.toStringTag](): string {
    return 'ChannelManager'
  }
}

/** A request of a receiver to subscribe to channels, or to unsubscribe from them. */
export interface ChannelRequest {
  /** The id of the request; the reply carries it. `undefined` if the dialect needs none. */
  readonly requestId: string | undefined
  /** The names of the channels, each once. */
  readonly channels: readonly string[]
  /**
   * The positions of the channels to resume, for a subscribe.
   * @default none: events from now on
   */
  readonly since?: ReadonlyMap<string, Position> | undefined
  /** Parameters of a subscribe, which `authorize` receives. */
  readonly params?: unknown
}

/** The options of {@link ChannelManager.publish}. */
export interface PublishOptions {
  /** The event's id, by which receivers recognise it; at most 160 characters. */
  readonly id?: string | undefined
}

/** A call of `authorize` that has not returned yet. */
interface PendingAuthorization {
  readonly receiver: ChannelReceiver
  readonly name: string
  /** The error of a {@link ChannelManager.revoke} during the call. */
  revoked: Refusal | undefined
}
