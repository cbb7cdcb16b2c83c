import type { Refusal } from '../../base/errors.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import { presenceResource } from '../../protocol/channel-name.ts'
import type { SubscribeCommand, UnsubscribeCommand } from '../../protocol/command.ts'
import type { Position } from '../../protocol/frame.ts'
import { refusal } from '../access/refusals.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelDeps } from './channel-deps.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { ChannelTable } from './channel-table.ts'
import type { Membership } from './membership.ts'
import { presenceSnapshot } from './presence-snapshot.ts'

/** What the subscriptions of a receiver are made of. */
export interface SubscriptionsDeps extends ChannelDeps {
  readonly table: ChannelTable
  /** Whether a receiver may subscribe to a channel; does not reject. */
  readonly admits: (receiver: ChannelReceiver, name: string) => Promise<boolean>
}

/** A channel that was granted, with what is due before its live events. */
interface Granted {
  readonly name: string
  readonly membership: Membership
  /** What it resumes with; `undefined` where the membership simply goes on. */
  readonly resumed: Resumed | undefined
}

/** What leads from a client's position to the present. */
interface Resumed {
  /** Where the channel's history stood. */
  readonly head: Position
  /** The last offset the client has before the missed events. */
  readonly from: number
  /** The missed events that are due to the client. */
  readonly missed: readonly ChannelEvent[]
  /** Whether the client knows its position anyway. */
  readonly known: boolean
  readonly gap: boolean
  /** The text that says what has come about until the head, for a channel that tells of a state. */
  readonly sync?: string | undefined
}

/** The channels of one receiver. What is asked of them is done one by one. */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps
  readonly #receiver: ChannelReceiver
  readonly #memberships = new Map<string, Membership>()
  readonly #queue: NonNullable<ChannelReceiver['queue']>
  #ended = false

  constructor(deps: SubscriptionsDeps, receiver: ChannelReceiver) {
    this.#deps = deps
    this.#queue = receiver.queue ?? new SerialQueue(deps.report)
    this.#receiver = receiver
  }

  /** The channels it is subscribed to. */
  get names(): readonly string[] {
    return [...this.#memberships.keys()]
  }

  /** Resolves once what was asked is done; `undefined` where nothing is under way. */
  get pending(): Promise<void> | undefined {
    return this.#queue.done
  }

  /** Answers a subscribe, then sends what was missed, then lets live events through. */
  subscribe(command: Omit<SubscribeCommand, 'kind'>): Promise<void> {
    return this.#queue.add(() => this.#subscribe(command))
  }

  /** Answers an unsubscribe; channels it was not subscribed to do not matter. */
  unsubscribe({ requestId, channels }: Omit<UnsubscribeCommand, 'kind'>): Promise<void> {
    return this.#queue.add(() => {
      for (const name of channels) this.#leave(name)
      this.#say({ kind: 'released', to: [requestId] })
    })
  }

  /** The channels that moved since this was asked last, with the last place due to the client. */
  moved(): ReadonlyMap<string, Position> | undefined {
    const moved = new Map<string, Position>()
    for (const [name, membership] of this.#memberships) {
      const position = membership.moved()
      if (position) moved.set(name, position)
    }
    return moved.size ? moved : undefined
  }

  /** Leaves every channel, for good. */
  end(): void {
    this.#ended = true
    for (const membership of this.#memberships.values()) membership.leave()
    this.#memberships.clear()
  }

  async #subscribe(command: Omit<SubscribeCommand, 'kind'>): Promise<void> {
    // A receiver that left while this waited must not become a member again.
    if (this.#ended) return
    const refused = new Map<string, Refusal>()
    const granted: Granted[] = []
    const grants = this.#admissible(command.channels, refused).map(async (name) => {
      const grant = await this.#grant(name, command.since.get(name))
      if ('code' in grant) {
        this.#leave(name)
        refused.set(name, grant)
      } else granted.push(grant)
    })
    await Promise.all(grants)
    if (this.#ended) return
    const at = new Map<string, Position>()
    const gaps: string[] = []
    for (const { name, membership, resumed } of granted) {
      if (!this.#has(name, membership)) {
        refused.set(name, refusal('forbidden'))
        continue
      }
      const position = resumed ? placeOf(resumed) : membership.position
      if (position && !resumed?.known) at.set(name, position)
      if (resumed?.gap) gaps.push(name)
    }
    const names = granted.map(({ name }) => name).filter((name) => !refused.has(name))
    this.#deps.noted?.(this.#receiver, names, refused)
    this.#say({ kind: 'subscribed', to: [command.requestId], at, refused, gaps })
    for (const { name, membership, resumed } of granted) {
      if (resumed) await this.#resume(name, membership, resumed)
    }
  }

  /** The channels that may be asked for; why the others may not goes to `refused`. */
  #admissible(names: readonly string[], refused: Map<string, Refusal>): string[] {
    let free = this.#deps.maxSubscriptions - this.#memberships.size
    return names.filter((name) => {
      if (!this.#deps.publisher.canFollow(name)) refused.set(name, refusal('bad-channel'))
      else if (!this.#memberships.has(name) && free-- <= 0) {
        refused.set(name, refusal('subscription-limit'))
      }
      return !refused.has(name)
    })
  }

  async #grant(name: string, since: Position | undefined): Promise<Granted | Refusal> {
    const { admits, report } = this.#deps
    if (!(await admits(this.#receiver, name))) return refusal('forbidden')
    if (this.#ended) return refusal('internal')
    const former = this.#memberships.get(name)
    // Who asks for a state anew gets it anew.
    if (former && !since && presenceResource(name) === undefined) {
      return { name, membership: former, resumed: undefined }
    }
    try {
      const membership = former ?? (await this.#join(name))
      membership.hold()
      return { name, membership, resumed: await this.#resumed(name, membership, since) }
    } catch (error) {
      report(error)
      return refusal('internal')
    }
  }

  async #resumed(
    name: string,
    membership: Membership,
    since: Position | undefined,
  ): Promise<Resumed> {
    const { broker, sweep } = this.#deps
    const resource = presenceResource(name)
    // However they came, those who watch are to see the members of a server that died leave.
    if (resource !== undefined) sweep.begin()
    const past = since && (await broker.since(name, since))
    if (since && past?.complete) {
      const missed = past.events.filter((event) => membership.receives(event))
      const known = missed.length === 0
      return { head: past.head, from: since.offset, missed, known, gap: false }
    }
    const afresh = { missed: [], known: false, gap: since !== undefined }
    if (resource !== undefined) {
      const { at, sync } = await presenceSnapshot(this.#deps, this.#receiver, resource)
      return { ...afresh, head: at, from: at.offset, sync }
    }
    const head = past?.head ?? (await broker.head(name))
    return { ...afresh, head, from: head.offset }
  }

  /** Tells what was missed, no faster than the receiver takes it, and lets live events through. */
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
    if (this.#has(name, membership)) membership.settle(resumed.head, prev)
  }

  async #join(name: string): Promise<Membership> {
    const { membership, followed } = this.#deps.table.join(name, this.#receiver, (error) => {
      this.#memberships.delete(name)
      this.#say({ kind: 'unsubscribed', channel: name, error })
    })
    // Before anything is awaited: end() has to find it.
    this.#memberships.set(name, membership)
    await followed
    return membership
  }

  /** Whether a membership is still the one: it may be taken away at any time. */
  #has(name: string, membership: Membership): boolean {
    return this.#memberships.get(name) === membership
  }

  #leave(name: string): void {
    this.#memberships.get(name)?.leave()
    this.#memberships.delete(name)
  }

  #say(frame: Parameters<ChannelReceiver['dialect']['encode']>[0]): void {
    this.#send(this.#receiver.dialect.encode(frame))
  }

  #send(text: string | undefined): void {
    if (text !== undefined) this.#receiver.send(text)
  }
}

/** Where a client is once it has what it missed. */
function placeOf({ head, from, missed }: Resumed): Position {
  return { epoch: head.epoch, offset: missed.at(-1)?.offset ?? from }
}
