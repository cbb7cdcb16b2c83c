import type { Clock } from '../../base/clock.ts'
import { lazy } from '../../base/lazy.ts'
import { presenceResource } from '../../protocol/channel-name.ts'
import type { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { Channel, MembershipDeps, MembershipOwner } from './membership.ts'
import { Membership } from './membership.ts'
import { WholeUsers } from './whole-users.ts'

/** The channels with members on this server; each has one subscription at the broker. */
export class ChannelTable {
  readonly #deps: ChannelTableDeps
  readonly #memberships: MembershipDeps
  readonly #channels = new Map<string, Channel>()

  constructor(deps: ChannelTableDeps) {
    const { access, clock } = deps
    this.#deps = deps
    this.#memberships = {
      now: () => clock.wall(),
      receives: ({ user }, event) => access.canReceive(user, event.source, event),
      leave: (member) => this.#leave(member),
    }
  }

  /** Number of channels. */
  get size(): number {
    return this.#channels.size
  }

  /** Number of memberships, of all channels. */
  get memberships(): number {
    let count = 0
    for (const { members } of this.#channels.values()) count += members.size
    return count
  }

  /** Returns the present members of a channel. */
  members(name: string): readonly Membership[] {
    return [...(this.#channels.get(name)?.members ?? [])]
  }

  /**
   * Makes a receiver a member. The membership holds events until {@link Membership.deliverFrom}, and
   * misses none once its channel is `followed`; if that rejects, the caller has to end the membership.
   */
  join(name: string, receiver: ChannelReceiver, owner: MembershipOwner): Membership {
    const channel = this.#channels.get(name) ?? this.#open(name)
    const membership = new Membership(this.#memberships, receiver, channel, owner)
    channel.members.add(membership)
    return membership
  }

  #open(name: string): Channel {
    const members = new Set<Membership>()
    const { broker } = this.#deps
    const deliver = (event: ChannelEvent): void => {
      for (const member of members) member.take(event)
    }
    const followed = broker.subscribe(name, {
      event: presenceResource(name) === undefined ? deliver : this.#presenceDelivery(members),
      broken: (head) => {
        for (const member of members) member.compare(name, head)
      },
    })
    const channel = { name, members, followed }
    this.#channels.set(name, channel)
    return channel
  }

  /** Returns the delivery of a presence channel, of which some members get whole users. */
  #presenceDelivery(members: ReadonlySet<Membership>): (event: ChannelEvent) => void {
    const { broker, report } = this.#deps
    const wholeUsers = lazy(
      () =>
        new WholeUsers({
          present: async (resource) => (await broker.presence.present(resource)).users,
          deliver: (event) => {
            for (const member of members) if (needsWholeUsers(member)) member.take(event)
          },
          report,
        }),
    )
    return (event) => {
      let needed = false
      for (const member of members) {
        if (needsWholeUsers(member)) needed = true
        else member.take(event)
      }
      if (needed) wholeUsers().take(event)
    }
  }

  #leave(member: Membership): void {
    const { name, members, followed } = member.channel
    if (!members.delete(member) || members.size) return
    this.#channels.delete(name)
    followed.then(
      (release) => release(),
      () => {},
    )
  }
}

function needsWholeUsers({ receiver }: Membership): boolean {
  return receiver.dialect.wholeUsers === true
}

/** The dependencies of a {@link ChannelTable}. */
export interface ChannelTableDeps {
  readonly clock: Clock
  readonly broker: Broker
  readonly access: Access
  /** Receives the errors of the presence store; never throws. */
  report(error: unknown): void
}
