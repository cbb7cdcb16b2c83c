import type { Refusal } from '../../base/errors.ts'
import type { Position } from '../../protocol/frame.ts'
import { textsOf } from '../../protocol/server-dialect.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelReceiver } from './channel-receiver.ts'

/** Maximum number of live events buffered for a member that waits for its missed events. */
const HELD_EVENTS = 1_000

/**
 * The membership of one receiver in one channel.
 *
 * At first it holds live events back, until the subscribe reply and the missed events are sent.
 */
export class Membership implements ChannelMembership {
  since: Date | Position | undefined
  /** The receiver that is the member. */
  readonly receiver: ChannelReceiver
  readonly channel: Channel
  readonly #deps: MembershipDeps
  readonly #owner: MembershipOwner
  #held: ChannelEvent[] | undefined = []
  /** Whether no held event was discarded. */
  #complete = true
  /** The arguments of the last {@link compare} while events were held. */
  #heldHead: readonly [channel: string, head: Position] | undefined
  #epoch: string | undefined
  /** The last offset processed, whether the receiver may have its event or not. */
  #seen = 0
  /** Last offset delivered or deliverable to the receiver; filtered events do not count. */
  #due = 0
  /** The value of `#due` last reported to the receiver; `undefined` after a change of epoch. */
  #reported: number | undefined

  constructor(
    deps: MembershipDeps,
    receiver: ChannelReceiver,
    channel: Channel,
    owner: MembershipOwner,
  ) {
    this.#deps = deps
    this.receiver = receiver
    this.channel = channel
    this.#owner = owner
  }

  /** The last position due to the receiver; `undefined` until {@link deliverFrom}. */
  get position(): Position | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.#due }
  }

  /** Delivers a live event, or holds it. */
  take(event: ChannelEvent): void {
    if (this.#held) {
      this.#held.push(event)
      // Without the oldest event the receiver detects a gap, and subscribes again.
      if (this.#held.length > HELD_EVENTS) {
        this.#held.shift()
        this.#complete = false
      }
    } else this.#deliver(event)
  }

  /** Holds live events again, while a subscribed receiver resumes from an older position. */
  hold(): void {
    this.#held ??= []
  }

  /**
   * Ends the holding, for a receiver that has all events up to `head`: delivers the held events
   * after it, and from then on live events.
   *
   * @param due last offset up to `head` that was due to the receiver
   * @returns false if held events were discarded because there were too many
   */
  deliverFrom(head: Position, due: number = head.offset): boolean {
    const complete = this.#complete
    const held = this.#held ?? []
    this.#held = undefined
    this.#epoch = head.epoch
    this.#seen = head.offset
    this.#due = due
    this.#reported = due
    const heldHead = this.#heldHead
    this.#heldHead = undefined
    for (const event of held) this.#deliver(event)
    this.#complete = true
    if (heldHead) this.compare(...heldHead)
    return complete
  }

  /**
   * Compares the membership with the newest position of its channel. If `head` is ahead, or of
   * another epoch, sends it to the receiver, which then requests the missed events, or else calls
   * `missed` of the receiver.
   */
  compare(channel: string, head: Position): void {
    if (this.#held) this.#heldHead = [channel, head]
    else if (head.epoch === this.#epoch && head.offset <= this.#seen) return
    else if (this.receiver.dialect.recovery === false) this.receiver.missed?.()
    else this.#sendHead(channel, head)
  }

  /**
   * Returns the last position due to the receiver if it changed since the previous call or
   * {@link deliverFrom}; `undefined` otherwise, and while events are held.
   */
  moved(): Position | undefined {
    if (this.#held || this.#reported === this.#due) return undefined
    this.#reported = this.#due
    return this.position
  }

  /** Ends the membership; safe to call twice. */
  leave(): void {
    this.#deps.leave(this)
  }

  /** Ends the membership, and calls `revoked`. */
  revoke(error: Refusal): void {
    this.leave()
    this.#owner.revoked(this.channel.name, error)
  }

  /** Whether the receiver may have an event. */
  receives(event: ChannelEvent): boolean {
    return this.#deps.receives(this.receiver, event)
  }

  #deliver(event: ChannelEvent): void {
    const { channel, epoch, offset } = event
    if (epoch === undefined || offset === undefined) {
      this.#send(event)
      return
    }
    const same = epoch === this.#epoch
    if (same && offset <= this.#seen) return
    // After a gap the previous offset counts as due, so that the receiver detects the gap.
    if (!same || offset !== this.#seen + 1) this.#due = offset - 1
    if (!same) {
      this.#reported = undefined
      // An event carries no epoch, so send the new one first.
      this.#sendHead(channel, { epoch, offset: this.#due })
    }
    this.#epoch = epoch
    this.#seen = offset
    // Also if `offer` withholds the event: the next event then reveals the gap.
    if (this.#send(event, this.#due)) this.#due = offset
  }

  /** Sends an event if the receiver may have it; returns whether it may. */
  #send(event: ChannelEvent, prev?: number): boolean {
    if (!this.receives(event)) return false
    const { receiver } = this
    const text = event.text(receiver.dialect, prev)
    if (text === undefined) return true
    if (receiver.offer) receiver.offer(text)
    else receiver.send(text)
    return true
  }

  /** Sends a position of a channel, in a pong. */
  #sendHead(channel: string, head: Position): void {
    const offsets = new Map([[channel, head]])
    const pong = { kind: 'pong', timestamp: undefined, serverTime: undefined, offsets } as const
    const { receiver } = this
    for (const text of textsOf(receiver.dialect.encode(pong, this.#deps.now()))) receiver.send(text)
  }
}

/** A membership that a mount made with {@link ChannelManager.join}. */
export interface ChannelMembership {
  /**
   * The beginning of the past that the receiver may read, by the answer of `authorize`; `undefined`
   * if it may read all. A mount that sends a snapshot or a history must leave out what is older.
   */
  readonly since: Date | Position | undefined
  /**
   * Delivers the held events after `head`, and from then on live events.
   *
   * @returns false if held events were discarded because there were too many
   */
  deliverFrom(head: Position): boolean
  /** Ends the membership; safe to call twice. */
  leave(): void
}

/** The dependencies that all memberships of a server share. */
export interface MembershipDeps {
  /** Returns the time, in milliseconds since the Unix epoch. */
  readonly now: () => number
  /** Whether a receiver may have an event; does not throw. */
  readonly receives: (receiver: ChannelReceiver, event: ChannelEvent) => boolean
  /** Removes a member from its channel. */
  readonly leave: (membership: Membership) => void
}

/** A channel with members on this server. */
export interface Channel {
  readonly name: string
  readonly members: Set<Membership>
  /** Resolves with the function that ends the subscription at the broker. */
  readonly followed: Promise<() => void>
}

/** The owner of memberships. */
export interface MembershipOwner {
  /** Called after a membership was revoked. */
  revoked(channel: string, error: Refusal): void
}
