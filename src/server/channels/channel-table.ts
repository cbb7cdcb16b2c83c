import type { Refusal } from '../../base/errors.ts'
import type { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import { Membership } from './membership.ts'

/** The channels with members on this server; each has one subscription at the broker. */
export class ChannelTable {
  readonly #deps: ChannelTableDeps
  readonly #channels = new Map<string, Channel>()

  constructor(deps: ChannelTableDeps) {
    this.#deps = deps
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
    const { access } = this.#deps
    const membership = new Membership({
      receiver,
      receives: (event) => access.canReceive(receiver.user, event.source, event),
      leave: (member) => this.#leave(name, channel, member),
      revoked,
    })
    channel.members.add(membership)
    return { membership, followed: channel.followed }
  }

  #open(name: string): Channel {
    const members = new Set<Membership>()
    const followed = this.#deps.broker.subscribe(name, {
      event: (event) => {
        for (const member of members) member.take(event)
      },
      broken: (head) => {
        for (const member of members) member.compare(name, head)
      },
    })
    const channel = { members, followed }
    this.#channels.set(name, channel)
    return channel
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

/** The dependencies of a {@link ChannelTable}. */
export interface ChannelTableDeps {
  readonly broker: Broker
  readonly access: Access
}

/** A channel with members on this server. */
interface Channel {
  readonly members: Set<Membership>
  /** Resolves with the function that ends the subscription at the broker. */
  readonly followed: Promise<() => void>
}
