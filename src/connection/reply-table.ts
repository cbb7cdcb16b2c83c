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

  /** Removes an awaited reply. */
  delete(awaited: AwaitedReply): void {
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

  /** Returns when the messages after `since` were sent that are not answered yet, in order. */
  unanswered(since: number = Number.NEGATIVE_INFINITY): readonly number[] {
    const times = [...this.#byKey.values()].flat().map(({ leftAt = since }) => leftAt)
    return times.filter((leftAt) => leftAt > since).sort((a, b) => a - b)
  }
}

/** A reply that is awaited, under every key it may carry. */
export interface AwaitedReply {
  readonly keys: readonly string[]
  readonly answered: (answer: ControlReply) => void
  /** Time at which the message was sent, by the clock's `now()`; `undefined` before that. */
  leftAt: number | undefined
}
