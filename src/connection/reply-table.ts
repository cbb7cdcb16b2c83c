import type { Cancel } from '../base/clock.ts'
import type { OneOrMany } from '../base/one-or-many.ts'
import { fromArray, isList, toArray } from '../base/one-or-many.ts'
import type { ControlReply } from '../ports/client-port.ts'

/** The replies awaited on one link, by key; within a key, in the order of their messages. */
export class ReplyTable {
  readonly #byKey = new Map<string, OneOrMany<AwaitedReply>>()

  /** Whether no reply is awaited. */
  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  /** Adds an awaited reply, under the keys that it may carry. */
  add(awaited: AwaitedReply): void {
    for (const key of awaited.keys)
      this.#byKey.set(key, fromArray([...toArray(this.#byKey.get(key)), awaited]))
  }

  /** Removes an awaited reply, and cancels its deadline. */
  delete(awaited: AwaitedReply): void {
    awaited.cancel?.()
    for (const key of awaited.keys) {
      const all = this.#byKey.get(key)
      if (all === awaited) this.#byKey.delete(key)
      else if (all)
        this.#byKey.set(key, fromArray(toArray(all).filter((other) => other !== awaited)))
    }
  }

  /** Passes a reply to the message that it answers; returns when that was sent. */
  take(reply: ControlReply): number | undefined {
    for (const key of reply.to) {
      const all = this.#byKey.get(key)
      const awaited = all && isList(all) ? all[0] : all
      if (!awaited) continue
      const { leftAt } = awaited
      this.delete(awaited)
      awaited.answered(reply)
      return leftAt
    }
    return undefined
  }

  /**
   * Stops awaiting the replies to control messages: the client does not send these again, their
   * extension does.
   */
  forgetControls(): void {
    for (const awaited of this.#all()) if (awaited.cancel) this.delete(awaited)
  }

  /** Returns when the first message after `since` was sent that is not answered yet; infinity if all are. */
  unansweredSince(since: number = Number.NEGATIVE_INFINITY): number {
    let first = Number.POSITIVE_INFINITY
    for (const { leftAt = since } of this.#all())
      if (leftAt > since) first = Math.min(first, leftAt)
    return first
  }

  #all(): readonly AwaitedReply[] {
    return [...this.#byKey.values()].flatMap(toArray)
  }
}

/** A message that is sent on a link, and its reply. */
export interface AwaitedReply {
  /** The keys that the reply may carry; none if there is no reply. */
  readonly keys: readonly string[]
  /** Cancels the deadline of the reply to a control message. */
  readonly cancel?: Cancel | undefined
  /** True if the message is not to be sent any more. */
  readonly cancelled: boolean
  /** Time at which it was sent, by the clock's `now()`; `undefined` before that. */
  leftAt: number | undefined
  /** Called when the message is really sent. */
  left(): void
  answered(answer: ControlReply): void
}
