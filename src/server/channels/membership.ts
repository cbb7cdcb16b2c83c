import type { Refusal } from '../../base/errors.ts'
import type { Position } from '../../protocol/frame.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'
import type { ChannelReceiver } from './channel-receiver.ts'

/** The most live events kept for a member whose subscribe is still being answered. */
const HELD_EVENTS = 1_000

/** What a membership is made of. */
export interface MembershipDeps {
  readonly receiver: ChannelReceiver
  /** Whether an event is for the receiver; does not throw. */
  readonly receives: (event: ChannelEvent) => boolean
  /** Takes the member off its channel. */
  readonly leave: (membership: Membership) => void
  /** Called where the membership was taken away, after its end. */
  readonly revoked: (error: Refusal) => void
}

/**
 * One receiver's place in one channel.
 *
 * It begins held: live events wait until the subscribe is answered and the missed ones are sent.
 */
export class Membership {
  readonly #deps: MembershipDeps
  #held: ChannelEvent[] | undefined = []
  /** Whether all that was held is still there. */
  #whole = true
  /** What {@link compare} was told while events were held. */
  #said: readonly [channel: string, head: Position] | undefined
  #epoch: string | undefined
  /** The last offset that was looked at. */
  #seen = 0
  /** The last offset that was due: what was kept from the receiver is not. */
  #due = 0
  /** The last offset due that the receiver was told of; `undefined` in another history. */
  #told: number | undefined

  constructor(deps: MembershipDeps) {
    this.#deps = deps
  }

  /** Whose it is. */
  get receiver(): ChannelReceiver {
    return this.#deps.receiver
  }

  /** The last place due to the receiver; `undefined` until {@link settle}. */
  get position(): Position | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.#due }
  }

  /** Takes an event as it happens. */
  take(event: ChannelEvent): void {
    if (this.#held) {
      this.#held.push(event)
      // The oldest goes: what remains shows the receiver a hole, and it asks again.
      if (this.#held.length > HELD_EVENTS) {
        this.#held.shift()
        this.#whole = false
      }
    } else this.#deliver(event)
  }

  /** Lets live events wait again, for a receiver that asks for what it missed. */
  hold(): void {
    this.#held ??= []
  }

  /**
   * The receiver has everything up to `head`: from here on it gets what happens after it.
   *
   * @param due the last offset of that which was due to the receiver
   * @returns whether that is all of it: too much may have happened meanwhile
   */
  settle(head: Position, due: number = head.offset): boolean {
    const whole = this.#whole
    const held = this.#held ?? []
    this.#held = undefined
    this.#epoch = head.epoch
    this.#seen = head.offset
    this.#due = due
    this.#told = due
    const said = this.#said
    this.#said = undefined
    for (const event of held) this.#deliver(event)
    this.#whole = true
    if (said) this.compare(...said)
    return whole
  }

  /**
   * The history of its channel stands at `head`: where that is further than we are, or another history, the
   * receiver is told, and asks for what it missed.
   */
  compare(channel: string, head: Position): void {
    if (this.#held) this.#said = [channel, head]
    else if (head.epoch !== this.#epoch || head.offset > this.#seen) this.#point(channel, head)
  }

  /**
   * The last place due to the receiver, where that is another one than when this was asked last or
   * {@link settle} told it; not while events are held.
   */
  moved(): Position | undefined {
    if (this.#held || this.#told === this.#due) return undefined
    this.#told = this.#due
    return this.position
  }

  /** Ends the membership; safe to call twice. */
  leave(): void {
    this.#deps.leave(this)
  }

  /** Takes the membership away. */
  revoke(error: Refusal): void {
    this.leave()
    this.#deps.revoked(error)
  }

  /** Whether an event is for its receiver. */
  receives(event: ChannelEvent): boolean {
    return this.#deps.receives(event)
  }

  #deliver(event: ChannelEvent): void {
    const { channel, epoch, offset } = event
    if (epoch === undefined || offset === undefined) {
      this.#send(event)
      return
    }
    const same = epoch === this.#epoch
    if (same && offset <= this.#seen) return
    // Behind a hole the event before counts as due, so that the receiver finds that it is missing.
    if (!same || offset !== this.#seen + 1) this.#due = offset - 1
    if (!same) {
      this.#told = undefined
      // An event does not say which history it is of: the receiver has to know before.
      this.#point(channel, { epoch, offset: this.#due })
    }
    this.#epoch = epoch
    this.#seen = offset
    // Due even where it is withheld: the next one then shows the hole.
    if (this.#send(event, this.#due)) this.#due = offset
  }

  /** Sends an event where it is for the receiver; tells whether it is. */
  #send(event: ChannelEvent, prev?: number): boolean {
    if (!this.receives(event)) return false
    const { receiver } = this
    const text = event.text(receiver.dialect, prev)
    if (text === undefined) return true
    if (receiver.offer) receiver.offer(text)
    else receiver.send(text)
    return true
  }

  /** Tells the receiver where a channel is. */
  #point(channel: string, head: Position): void {
    const offsets = new Map([[channel, head]])
    const pong = { kind: 'pong', timestamp: undefined, serverTime: undefined, offsets } as const
    const text = this.receiver.dialect.encode(pong)
    if (text !== undefined) this.receiver.send(text)
  }
}
