import type { Position } from '../wire/frame.ts'
import type { ServerDialect } from '../wire/server-dialect.ts'
import type { ChannelEvent } from './channel-event.ts'

/** The most live events kept for a member whose subscribe is still being answered. */
const HELD_EVENTS = 1_000

/** Somebody texts can be sent to. */
export interface Receiver {
  readonly dialect: ServerDialect
  /** Sends a text; must not throw. */
  send(text: string): void
}

/**
 * One receiver's place in one channel.
 *
 * It begins held: live events wait until the subscribe is answered and the missed ones are sent.
 */
export class Membership {
  readonly #receiver: Receiver
  readonly #leave: (membership: Membership) => void
  #held: ChannelEvent[] | undefined = []
  #position: Position | undefined

  constructor(receiver: Receiver, leave: (membership: Membership) => void) {
    this.#receiver = receiver
    this.#leave = leave
  }

  /** The last place the receiver knows of; `undefined` until {@link settle}. */
  get position(): Position | undefined {
    return this.#position
  }

  /** Takes an event as it happens. */
  take(event: ChannelEvent): void {
    if (this.#held) {
      this.#held.push(event)
      // The oldest goes: what remains shows the receiver a hole, and it asks again.
      if (this.#held.length > HELD_EVENTS) this.#held.shift()
    } else this.#deliver(event)
  }

  /** Lets live events wait again, for a receiver that asks for what it missed. */
  hold(): void {
    this.#held ??= []
  }

  /** The receiver has everything up to `head`: from here on it gets what happens after it. */
  settle(head: Position): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#position = head
    for (const event of held) this.#deliver(event)
  }

  /** Ends the membership; safe to call twice. */
  leave(): void {
    this.#leave(this)
  }

  #deliver(event: ChannelEvent): void {
    const known = this.#position
    if (known && known.epoch === event.epoch && event.offset <= known.offset) return
    this.#position = event
    const text = event.text(this.#receiver.dialect)
    if (text !== undefined) this.#receiver.send(text)
  }
}
