import type { Cancel, Clock } from '../base/clock.ts'
import type { Frame, GoawayFrame, WelcomeFrame } from '../protocol/frame.ts'
import type { Link } from './link.ts'

/** What a handoff needs around it. */
export interface HandoffDeps {
  readonly clock: Clock
  /** A number in [0, 1). */
  readonly random: () => number
  newLink(): Link
  /**
   * A socket is welcomed: from here on it is the one.
   *
   * @returns the one that was it until now
   */
  move(link: Link, frame: WelcomeFrame | undefined): Link | undefined
  readonly handlers: {
    greet(link: Link): readonly unknown[] | undefined
    frame(frame: Frame): void
    isAwaited(link: Link): boolean
    drained(link: Link): void
  }
}

/** How long after a failed attempt the next one is made, at the most, in milliseconds. */
const RETRY_MS = 1_000

/**
 * A socket is not left sooner than this after we moved to it, in milliseconds: servers that send their
 * clients to each other must not have them circle.
 */
const LEAST_STAY_MS = 5_000

/**
 * Moves to another socket before the server closes this one: the next is opened and welcomed while
 * the present one works, then everything moves at once, and the former stays only for the answers
 * that are due by it. There are never more than two.
 */
export class Handoff {
  readonly #deps: HandoffDeps
  #cancel: Cancel | undefined
  #stayUntil = Number.NEGATIVE_INFINITY
  #next: Link | undefined
  #draining: Link | undefined

  constructor(deps: HandoffDeps) {
    this.#deps = deps
  }

  /** The server will close the present socket: another is opened somewhere in its window. */
  plan({ windowMs, deadlineMs }: GoawayFrame): void {
    const leastMs = this.#stayUntil - this.#deps.clock.now()
    if (!this.#cancel) this.#after(Math.min(windowMs, deadlineMs), leastMs)
  }

  /** Nothing is to be moved any more; what is on the way is dropped. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#next?.drop()
    this.#next = undefined
    this.#release(1000)
  }

  /** A socket other than the present one opened. */
  opened(link: Link): void {
    if (link !== this.#next) return
    if (this.#deps.handlers.greet(link)) link.greet()
    else this.#move(link, undefined)
  }

  /** A frame came by a socket other than the present one. */
  frame(frame: Frame, link: Link): void {
    if (link === this.#next) {
      if (frame.kind === 'welcome') this.#move(link, frame)
    } else if (link === this.#draining && (frame.kind === 'reply' || frame.kind === 'refusal')) {
      this.#deps.handlers.frame(frame)
      this.#drained()
    }
  }

  /** A socket other than the present one is gone. */
  closed(link: Link): void {
    if (link === this.#next) {
      this.#next = undefined
      this.#after(RETRY_MS)
    } else if (link === this.#draining) {
      this.#draining = undefined
      this.#deps.handlers.drained(link)
    }
  }

  #after(ms: number, leastMs = 0): void {
    const { clock, random } = this.#deps
    this.#cancel = clock.after(Math.max(random() * ms, leastMs), () => {
      // One that is drained by now would be a third.
      this.#release(1000)
      this.#next = this.#deps.newLink()
      this.#next.connect(false)
    })
  }

  #move(link: Link, frame: WelcomeFrame | undefined): void {
    this.#cancel = undefined
    this.#next = undefined
    this.#stayUntil = this.#deps.clock.now() + LEAST_STAY_MS
    this.#draining = this.#deps.move(link, frame)
    this.#drained()
  }

  /** Closes the former socket once nothing is due by it. */
  #drained(): void {
    if (this.#draining && !this.#deps.handlers.isAwaited(this.#draining)) this.#release(1000)
  }

  #release(code: number): void {
    const link = this.#draining
    if (!link) return
    this.#draining = undefined
    link.drop(code, '')
    this.#deps.handlers.drained(link)
  }
}
