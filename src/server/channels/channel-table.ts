import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import { lazy } from '../../base/lazy.ts'
import { presenceResource } from '../../protocol/channel-name.ts'
import type { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import type { MembershipDeps } from './membership.ts'
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
   * misses none once `followed` resolves; if that rejects, the caller has to end the membership.
   *
   * @param revoked called after the membership was revoked
   */
  join(
    name: string,
    receiver: ChannelReceiver,
    revoked: (error: Refusal) => void,
  ): { readonly membership: Membership; readonly followed: Promise<unknown> } {
    const channel = this.#channels.get(name) ?? this.#open(name)
    const membership = new Membership(this.#memberships, receiver, {
      leave: (member) => this.#leave(name, channel, member),
      revoked,
    })
    channel.members.add(membership)
    return { membership, followed: channel.followed }
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
    const channel = { members, followed }
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

  #leave(name: string, channel: Channel, member: Membership): void {
    if (!channel.members.delete(member) || channel.members.size) return
    this.#channels.delete(name)
    channel.followed.then(
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

/** A channel with members on this server. */
interface Channel {
  readonly members: Set<Membership>
  /** Resolves with the function that ends the subscription at the broker. */
  readonly followed: Promise<() => void>
}
