import type { Cancel } from '../base/clock.ts'
import type { ControlReply } from '../ports/client-port.ts'

/** The replies awaited on one link, by key; within a key, in the order of their messages. */
export class ReplyTable {
  readonly #byKey = new Map<string, readonly AwaitedReply[]>()

  /** Whether no reply is awaited. */
  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  /** Adds an awaited reply. */
  add(awaited: AwaitedReply): void {
    for (const key of awaited.keys) {
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), awaited])
    }
  }

  /** Removes an awaited reply, and cancels its deadline. */
  delete(awaited: AwaitedReply): void {
    awaited.cancel?.()
    for (const key of awaited.keys) {
      const rest = this.#byKey.get(key)?.filter((other) => other !== awaited)
      if (rest?.length) this.#byKey.set(key, rest)
      else this.#byKey.delete(key)
    }
  }

  /** Removes and returns the awaited reply that a frame answers. */
  take({ to }: ControlReply): AwaitedReply | undefined {
    for (const key of to) {
      const awaited = this.#byKey.get(key)?.[0]
      if (!awaited) continue
      this.delete(awaited)
      return awaited
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

  /** Returns when the messages after `since` were sent that are not answered yet, in order. */
  unanswered(since: number = Number.NEGATIVE_INFINITY): readonly number[] {
    const times = this.#all().map(({ leftAt = since }) => leftAt)
    return times.filter((leftAt) => leftAt > since).sort((a, b) => a - b)
  }

  #all(): readonly AwaitedReply[] {
    return [...this.#byKey.values()].flat()
  }
}

/** A reply that is awaited, under every key it may carry. */
export interface AwaitedReply {
  readonly keys: readonly string[]
  /** Cancels the deadline of the reply to a control message. */
  readonly cancel?: Cancel
  readonly answered: (answer: ControlReply) => void
  /** Time at which the message was sent, by the clock's `now()`; `undefined` before that. */
  leftAt: number | undefined
}
