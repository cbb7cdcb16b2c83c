import type { Refusal } from '../../base/errors.ts'
import type { Access } from '../access/access.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelReceiver } from './channel-receiver.ts'
import { Membership } from './membership.ts'

/** A channel that somebody here is a member of. */
interface Channel {
  readonly members: Set<Membership>
  /** Resolves with what ends the broker's subscription. */
  readonly followed: Promise<() => void>
}

/** What a channel table is made of. */
export interface ChannelTableParts {
  readonly broker: Broker
  readonly access: Access
}

/** The channels that this server has members of, each followed once at the broker. */
export class ChannelTable {
  readonly #parts: ChannelTableParts
  readonly #channels = new Map<string, Channel>()

  constructor(parts: ChannelTableParts) {
    this.#parts = parts
  }

  /** How many channels have members here. */
  get size(): number {
    return this.#channels.size
  }

  /** How many memberships there are. */
  get memberships(): number {
    let count = 0
    for (const { members } of this.#channels.values()) count += members.size
    return count
  }

  /** The members of a channel at this moment. */
  members(name: string): readonly Membership[] {
    return [...(this.#channels.get(name)?.members ?? [])]
  }

  /**
   * Makes a receiver a member, held until it is settled. It misses nothing once `followed` resolves;
   * where that rejects it has to leave, and the next to come tries anew.
   *
   * @param revoked called where the membership was taken away, after its end
   */
  join(
    name: string,
    receiver: ChannelReceiver,
    revoked: (error: Refusal) => void,
  ): { readonly membership: Membership; readonly followed: Promise<unknown> } {
    const channel = this.#channels.get(name) ?? this.#open(name)
    const { access } = this.#parts
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
    const followed = this.#parts.broker.subscribe(name, {
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
