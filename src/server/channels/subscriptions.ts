import type { Refusal } from '../../base/errors.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import { presenceResource } from '../../protocol/channel-name.ts'
import type { SubscribeCommand, UnsubscribeCommand } from '../../protocol/command.ts'
import type { Position } from '../../protocol/frame.ts'
import type { Encoded } from '../../protocol/server-dialect.ts'
import { textsOf } from '../../protocol/server-dialect.ts'
import type { Reach } from '../access/reach.ts'
import { notBefore } from '../access/reach.ts'
import { refusal, refusalFromError, subscriptionLimit } from '../access/refusals.ts'
import type { Broker, HistorySlice } from '../broker/broker.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { ChannelTable } from './channel-table.ts'
import type { Membership, MembershipOwner } from './membership.ts'
import { presenceSnapshot } from './presence-snapshot.ts'

/** The subscriptions of one receiver. Its commands are carried out one after the other. */
export class Subscriptions implements MembershipOwner {
  readonly #deps: SubscriptionsDeps
  readonly #receiver: ChannelReceiver
  readonly #memberships = new Map<string, Membership>()
  /** The errors of the channels that were revoked during the present subscribe, if there are any. */
  #revoked: Map<string, Refusal> | undefined
  readonly #queue: NonNullable<ChannelReceiver['queue']>
  #ended = false

  constructor(deps: SubscriptionsDeps, receiver: ChannelReceiver) {
    this.#deps = deps
    this.#queue = receiver.queue ?? new SerialQueue(deps.report)
    this.#receiver = receiver
  }

  /** The channels the receiver is subscribed to. */
  get names(): readonly string[] {
    return [...this.#memberships.keys()]
  }

  /** Resolves once all commands are done; `undefined` if none is under way. */
  get pending(): Promise<void> | undefined {
    return this.#queue.done
  }

  /**
   * Sends the reply to a subscribe, then the missed events, then live events.
   *
   * @param wanted returns false if the subscribe is to be ignored once its turn comes
   */
  subscribe(command: Omit<SubscribeCommand, 'kind'>, wanted = (): boolean => true): Promise<void> {
    return this.#queue.add(() => (wanted() ? this.#subscribe(command) : undefined))
  }

  /** Unsubscribes and sends the reply; ignores channels without a subscription. */
  unsubscribe({ requestId, channels }: Omit<UnsubscribeCommand, 'kind'>): Promise<void> {
    return this.#queue.add(() => {
      for (const name of channels) this.#leave(name)
      this.#sendFrame({ kind: 'released', to: keysOf(requestId), channels })
    })
  }

  /**
   * Returns the last position due to the receiver, for each channel where that changed since the
   * previous call; `undefined` if there is none.
   */
  moved(): ReadonlyMap<string, Position> | undefined {
    const moved = new Map<string, Position>()
    for (const [name, membership] of this.#memberships) {
      const position = membership.moved()
      if (position) moved.set(name, position)
    }
    return moved.size ? moved : undefined
  }

  /** Ends all subscriptions; later subscribes are ignored. */
  end(): void {
    this.#ended = true
    for (const membership of this.#memberships.values()) membership.leave()
    this.#memberships.clear()
  }

  async #subscribe(command: Omit<SubscribeCommand, 'kind'>): Promise<void> {
    // The receiver may have left while the command was queued.
    if (this.#ended) return
    this.#revoked = undefined
    const refused = new Map<string, Refusal>()
    const names = this.#admissible(command.channels, refused)
    const grants = await Promise.all(names.map((name) => this.#grant(name, command, refused)))
    if (this.#ended) return
    const granted = grants.filter((grant) => grant !== undefined)
    this.#reply(command, granted, refused)
    for (const { name, membership, resumed } of granted) {
      if (resumed) await this.#resume(name, membership, resumed)
    }
  }

  #reply(
    { requestId, channels }: Omit<SubscribeCommand, 'kind'>,
    granted: readonly Granted[],
    refused: Map<string, Refusal>,
  ): void {
    const positions = new Map<string, Position>()
    const gaps: string[] = []
    for (const { name, membership, resumed } of granted) {
      if (!this.#has(name, membership)) {
        refused.set(name, this.#revoked?.get(name) ?? refusal('forbidden'))
        continue
      }
      const position = resumed ? positionInReply(resumed) : membership.position
      if (position && !resumed?.known) positions.set(name, position)
      if (resumed?.gap) gaps.push(name)
    }
    const names = granted.map(({ name }) => name).filter((name) => !refused.has(name))
    this.#deps.noted?.(this.#receiver, names, refused)
    const to = keysOf(requestId)
    this.#sendFrame({ kind: 'subscribed', to, at: positions, refused, gaps, channels })
  }

  /** Returns the refusal that a subscribe to a channel would get; `undefined` if none. Never rejects. */
  async refusalOf(name: string): Promise<Refusal | undefined> {
    const refused = new Map<string, Refusal>()
    this.#admissible([name], refused)
    const known = refused.get(name)
    if (known) return known
    const reach = await this.#deps.authorize(this.#receiver, name)
    return 'code' in reach ? reach : undefined
  }

  /** Returns the channels with a valid name and within the limit; adds the others to `refused`. */
  #admissible(names: readonly string[], refused: Map<string, Refusal>): string[] {
    const { maxSubscriptions } = this.#deps
    let free = maxSubscriptions - this.#memberships.size
    return names.filter((name) => {
      if (!this.#deps.publisher.canFollow(name)) refused.set(name, refusal('bad-channel'))
      else if (!this.#memberships.has(name) && free-- <= 0) {
        refused.set(name, subscriptionLimit(maxSubscriptions))
      }
      return !refused.has(name)
    })
  }

  /** Grants a channel of a subscribe; leaves it if that is refused, and adds the reason to `refused`. */
  async #grant(
    name: string,
    { since: positions, requestId, params }: Omit<SubscribeCommand, 'kind'>,
    refused: Map<string, Refusal>,
  ): Promise<Granted | undefined> {
    const { authorize, report } = this.#deps
    const refuse = (error: Refusal): undefined => {
      this.#leave(name)
      refused.set(name, error)
    }
    const since = positions.get(name)
    const reach = await authorize(this.#receiver, name, params)
    if ('code' in reach) return refuse(reach)
    if (this.#ended) return undefined
    const former = this.#memberships.get(name)
    // A channel with a state sends it on every subscribe without a position.
    const hasState = this.#receiver.snapshot ?? presenceResource(name) !== undefined
    if (former && !since && !hasState) {
      return { name, membership: former, resumed: undefined }
    }
    try {
      const membership = former ?? this.#join(name)
      await membership.channel.followed
      membership.since = reach.since
      membership.hold()
      const resumed = await this.#metered(name, membership, { since, requestId })
      return 'code' in resumed ? refuse(resumed) : { name, membership, resumed }
    } catch (error) {
      const sent = refusalFromError(error)
      if (!sent) report(error)
      return refuse(sent ?? refusal('internal'))
    }
  }

  /** Reads what a receiver misses; reads of presence count for it, and may be refused. */
  #metered(name: string, membership: Membership, wanted: Wanted): Promise<Resumed | Refusal> {
    const { metered } = this.#deps
    if (!metered || presenceResource(name) === undefined) {
      return this.#resumed(name, membership, wanted)
    }
    return metered(this.#receiver, async () =>
      // The receiver may have left while it waited for its earlier reads.
      this.#has(name, membership) ? this.#resumed(name, membership, wanted) : refusal('internal'),
    )
  }

  async #resumed(
    name: string,
    membership: Membership,
    { since, requestId }: Wanted,
  ): Promise<Resumed> {
    const { broker, sweep } = this.#deps
    const resource = presenceResource(name)
    // Also on a resume: without a sweep, members of a crashed server never leave.
    if (resource !== undefined) sweep.begin()
    const past = since && (await pastSince(broker, name, since))
    const resumed = past && resumedFrom(past, membership)
    // After a gap, a presence channel starts again with a snapshot.
    if (resumed && (resource === undefined || !resumed.hidden)) return resumed
    const restart = { missed: [], known: false, gap: since !== undefined, bytes: 0 }
    if (resource !== undefined) {
      const { at, sync, bytes } = await presenceSnapshot(this.#deps, this.#receiver, resource)
      return { ...restart, head: at, from: at.offset, sync, bytes }
    }
    // Before the state is read, so that no event between the two is missed.
    const head = past?.head ?? (await broker.head(name))
    const about = { requestId, since: membership.since }
    const sync = await this.#receiver.snapshot?.(name, about)
    return { ...restart, head, from: head.offset, sync }
  }

  /** Sends the missed events at the pace of the receiver, then releases the live events. */
  async #resume(name: string, membership: Membership, resumed: Resumed): Promise<void> {
    this.#send(resumed.sync)
    let prev = resumed.from
    for (const event of resumed.missed) {
      const drained = this.#receiver.drained?.()
      if (drained) await drained
      if (!this.#has(name, membership)) return
      this.#send(event.text(this.#receiver.dialect, prev))
      prev = event.offset ?? prev
    }
    if (!this.#has(name, membership)) return
    const complete = membership.deliverFrom(resumed.head, prev)
    // Other receivers detect the gap by the offset of the next event.
    if (!complete && this.#receiver.dialect.recovery === false) this.#receiver.missed?.()
  }

  /** Called after the membership of a channel was revoked. */
  revoked(channel: string, error: Refusal): void {
    this.#memberships.delete(channel)
    this.#revoked ??= new Map()
    this.#revoked.set(channel, error)
    this.#sendFrame({ kind: 'unsubscribed', channel, error })
  }

  #join(name: string): Membership {
    const membership = this.#deps.table.join(name, this.#receiver, this)
    this.#memberships.set(name, membership)
    return membership
  }

  /** Whether a membership is still in place; it may be revoked at any time. */
  #has(name: string, membership: Membership): boolean {
    return this.#memberships.get(name) === membership
  }

  #leave(name: string): void {
    this.#memberships.get(name)?.leave()
    this.#memberships.delete(name)
  }

  #sendFrame(frame: Parameters<ChannelReceiver['dialect']['encode']>[0]): void {
    this.#send(this.#receiver.dialect.encode(frame, this.#deps.clock.wall()))
  }

  #send(encoded: Encoded): void {
    for (const text of textsOf(encoded)) this.#receiver.send(text)
  }
}

/** The dependencies of {@link Subscriptions}. */
export interface SubscriptionsDeps extends ChannelDeps {
  readonly table: ChannelTable
  /** Resolves with the past of a channel that a receiver may read, or the refusal; never rejects. */
  readonly authorize: (
    receiver: ChannelReceiver,
    name: string,
    params?: unknown,
  ) => Promise<Reach | Refusal>
}

function keysOf(requestId: string | undefined): readonly string[] {
  return requestId === undefined ? [] : [requestId]
}

/** A granted channel of a subscribe. */
interface Granted {
  readonly name: string
  readonly membership: Membership
  /** State to send before live events; `undefined` if an existing membership continues. */
  readonly resumed: Resumed | undefined
}

/** The state that brings a receiver from its position to the newest one. */
interface Resumed {
  /** The newest position of the channel at that time. */
  readonly head: Position
  /** Last offset the receiver has before the missed events. */
  readonly from: number
  /** The missed events that the receiver may have. */
  readonly missed: readonly ChannelEvent[]
  /** Whether the receiver's position is still right, so that the reply can omit it. */
  readonly known: boolean
  /** Whether events before `from` may be missing: the history has lost them, or they are hidden. */
  readonly gap: boolean
  /** Size of what was read: of the missed events, or of the members of a presence channel. */
  readonly bytes: number
  /** Texts of the state as of `head`, for a channel that has one. */
  readonly sync?: Encoded
}

/** The state after a receiver's position, read from the history. */
interface Missed extends Resumed {
  /** Number of missed events that the receiver may not read. */
  readonly hidden: number
}

/** What a receiver wants of one channel. */
interface Wanted {
  /** Position after which it resumes. */
  readonly since: Position | undefined
  /** Id of the subscribe. */
  readonly requestId: string | undefined
}

/** Returns the state by the events of a history; `undefined` if that has lost some of them. */
function resumedFrom(past: Past, membership: Membership): Missed | undefined {
  if (!past.complete) return undefined
  const { head, events } = past
  const reached = reachable(past, membership.since)
  const hidden = events.length - reached.length
  const missed = reached.filter((event) => membership.receives(event))
  const gap = hidden > 0 || past.epochChanged
  const known = !gap && missed.length === 0
  const bytes = events.reduce((sum, { json = '' }) => sum + json.length, 0)
  return { head, from: past.from + hidden, missed, known, gap, bytes, hidden }
}

/**
 * Returns the position to send in the reply: after the missed events, or, as the receiver starts
 * again there, after a gap.
 */
function positionInReply({ head, from, missed, gap }: Resumed): Position {
  return { epoch: head.epoch, offset: (gap ? undefined : missed.at(-1)?.offset) ?? from }
}

/**
 * Returns a channel's events after a position. A receiver whose position is of another epoch has
 * none of the present one, and gets all of them; except on a presence channel, where a snapshot
 * replaces them.
 */
async function pastSince(broker: Broker, name: string, since: Position): Promise<Past> {
  const past = await broker.since(name, since)
  const { epoch } = past.head
  if (epoch === since.epoch || presenceResource(name) !== undefined) {
    return { ...past, from: since.offset, epochChanged: false }
  }
  const whole = await broker.since(name, { epoch, offset: 0 })
  return { ...whole, from: 0, epochChanged: true }
}

/** The events that a receiver has missed. */
interface Past extends HistorySlice {
  /** Last offset before the events. */
  readonly from: number
  /** Whether the receiver's position is of another epoch, so that it has a gap before the events. */
  readonly epochChanged: boolean
}

/** Returns the events of a complete slice that a receiver may read. */
function reachable({ head, events }: HistorySlice, since: Reach['since']): HistorySlice['events'] {
  if (!since) return events
  if (since instanceof Date) return notBefore(events, since)
  const { epoch, offset: start } = since
  return epoch === head.epoch ? events.filter(({ offset = 0 }) => offset > start) : []
}
