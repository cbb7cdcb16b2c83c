import type { Broker } from './broker.ts'
import type { Receiver } from './membership.ts'
import { Membership } from './membership.ts'

/** A channel that somebody here is a member of. */
interface Channel {
  readonly members: Set<Membership>
  /** Resolves with what ends the broker's subscription. */
  readonly followed: Promise<() => void>
}

/** The channels that this server has members of, each followed once at the broker. */
export class ChannelTable {
  readonly #broker: Broker
  readonly #channels = new Map<string, Channel>()

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** How many channels have members here. */
  get size(): number {
    return this.#channels.size
  }

  /** How many memberships there are. */
  get members(): number {
    let count = 0
    for (const { members } of this.#channels.values()) count += members.size
    return count
  }

  /**
   * Makes a receiver a member, held until it is settled. It misses nothing once `followed` resolves;
   * where that rejects it has to leave, and the next to come tries anew.
   */
  join(
    name: string,
    receiver: Receiver,
  ): { readonly membership: Membership; readonly followed: Promise<unknown> } {
    const channel = this.#channels.get(name) ?? this.#open(name)
    const membership = new Membership(receiver, (member) => this.#leave(name, channel, member))
    channel.members.add(membership)
    return { membership, followed: channel.followed }
  }

  #open(name: string): Channel {
    const members = new Set<Membership>()
    const followed = this.#broker.subscribe(name, {
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
