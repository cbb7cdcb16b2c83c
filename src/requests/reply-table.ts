import type { ControlReply } from '../ports/client-port.ts'

/** Awaited replies by key; within a key, in the order of their messages. */
export class ReplyTable {
  readonly #byKey = new Map<string, readonly AwaitedReply[]>()

  /** Number of keys with an awaited reply. */
  get size(): number {
    return this.#byKey.size
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

  /** Returns when the first message after `since` was sent that is not answered yet. */
  unansweredSince(since: number = Number.NEGATIVE_INFINITY): number | undefined {
    return this.#leftAt().find((leftAt) => leftAt > since)
  }

  /** Returns when the last message was sent that is not answered yet. */
  lastLeftAt(): number | undefined {
    return this.#leftAt().at(-1)
  }

  /** Returns when the messages were sent that are not answered yet, in order. */
  #leftAt(): readonly number[] {
    const awaited = [...this.#byKey.values()].flat()
    return awaited.flatMap(({ leftAt }) => leftAt ?? []).sort((a, b) => a - b)
  }
}

/** A reply that is awaited, under every key it may carry. */
export interface AwaitedReply {
  readonly keys: readonly string[]
  readonly answered: (answer: ControlReply) => void
  /** The link its message was sent on. */
  readonly link: object | undefined
  /** Time at which the message was sent, by the clock's `now()`; `undefined` before that. */
  leftAt: number | undefined
}
