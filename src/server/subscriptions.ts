import type { Refusal } from '../base/errors.ts'
import type { Position } from '../wire/frame.ts'
import { presenceResource } from '../wire/presence.ts'
import type { SubscribeCommand } from '../wire/server-dialect.ts'
import type { ChannelEvent } from './channel-event.ts'
import type { ServerCore } from './core.ts'
import type { Membership, Receiver } from './membership.ts'
import type { User } from './options.ts'
import { presenceSync } from './presence-sync.ts'
import { refusal } from './refusals.ts'

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

/** The channels of one connection. Its calls must not overlap. */
export class Subscriptions {
  readonly #core: ServerCore
  readonly #receiver: Receiver
  readonly #memberships = new Map<string, Membership>()
  #ended = false

  constructor(core: ServerCore, receiver: Receiver) {
    this.#core = core
    this.#receiver = receiver
  }

  /** The channels it is subscribed to. */
  get names(): readonly string[] {
    return [...this.#memberships.keys()]
  }

  /** Answers a subscribe, then sends what was missed, then lets live events through. */
  async subscribe(user: User | null, command: SubscribeCommand): Promise<void> {
    const refused = new Map<string, Refusal>()
    const granted: Granted[] = []
    const grants = this.#admissible(command.channels, refused).map(async (name) => {
      const grant = await this.#grant(user, name, command.since.get(name))
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
      const position = resumed ? placeOf(resumed) : membership.position
      if (position && !resumed?.known) at.set(name, position)
      if (resumed?.gap) gaps.push(name)
    }
    this.#say({ kind: 'subscribed', to: [command.requestId], at, refused, gaps })
    for (const { membership, resumed } of granted) if (resumed) this.#resume(membership, resumed)
  }

  /** Answers an unsubscribe; channels it was not subscribed to do not matter. */
  unsubscribe(requestId: string, channels: readonly string[]): void {
    for (const name of channels) this.#leave(name)
    this.#say({ kind: 'released', to: [requestId] })
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

  /** The channels that may be asked for; why the others may not goes to `refused`. */
  #admissible(names: readonly string[], refused: Map<string, Refusal>): string[] {
    let free = this.#core.options.limits.subscriptions - this.#memberships.size
    return names.filter((name) => {
      if (!this.#core.publisher.canFollow(name)) refused.set(name, refusal('bad-channel'))
      else if (!this.#memberships.has(name) && free-- <= 0) {
        refused.set(name, refusal('subscription-limit'))
      }
      return !refused.has(name)
    })
  }

  async #grant(
    user: User | null,
    name: string,
    since: Position | undefined,
  ): Promise<Granted | Refusal> {
    const { access, report } = this.#core
    if (!(await access.authorize(user, name, 'subscribe'))) return refusal('forbidden')
    if (this.#ended) return refusal('internal')
    const former = this.#memberships.get(name)
    // Who asks for a state anew gets it anew.
    if (former && !since && presenceResource(name) === undefined) {
      return { name, membership: former, resumed: undefined }
    }
    try {
      const membership = former ?? (await this.#join(name))
      membership.hold()
      return { name, membership, resumed: await this.#resumed(user, name, since) }
    } catch (error) {
      report(error)
      return refusal('internal')
    }
  }

  async #resumed(user: User | null, name: string, since: Position | undefined): Promise<Resumed> {
    const { broker, attendance } = this.#core
    const resource = presenceResource(name)
    // However they came, those who watch are to see the members of a server that died leave.
    if (resource !== undefined) attendance.begin()
    const past = since && (await broker.since(name, since))
    if (since && past?.complete) {
      const missed = past.events.filter((event) => this.#receiver.receives(event))
      const known = missed.length === 0
      return { head: past.head, from: since.offset, missed, known, gap: false }
    }
    const afresh = { missed: [], known: false, gap: since !== undefined }
    if (resource !== undefined) {
      const { at, sync } = await presenceSync(this.#core, this.#receiver.dialect, user, resource)
      return { ...afresh, head: at, from: at.offset, sync }
    }
    const head = past?.head ?? (await broker.head(name))
    return { ...afresh, head, from: head.offset }
  }

  #resume(membership: Membership, resumed: Resumed): void {
    this.#send(resumed.sync)
    let prev = resumed.from
    for (const event of resumed.missed) {
      this.#send(event.text(this.#receiver.dialect, prev))
      prev = event.offset
    }
    membership.settle(resumed.head, prev)
  }

  async #join(name: string): Promise<Membership> {
    const { membership, followed } = this.#core.channels.join(name, this.#receiver)
    // Before anything is awaited: end() has to find it.
    this.#memberships.set(name, membership)
    await followed
    return membership
  }

  #leave(name: string): void {
    this.#memberships.get(name)?.leave()
    this.#memberships.delete(name)
  }

  #say(frame: Parameters<Receiver['dialect']['encode']>[0]): void {
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
