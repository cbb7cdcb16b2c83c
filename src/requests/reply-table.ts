import type { ControlReply } from '../ports/client-port.ts'

/** What is waited for, under every key its answer may carry. */
export interface AwaitedReply {
  readonly keys: readonly string[]
  readonly answered: (answer: ControlReply) => void
  /** What it was said on. */
  readonly link: object | undefined
  /** When it left, by the clock's `now()`; `undefined` while it waits to. */
  leftAt: number | undefined
}

/** Answers that are due, by key; within a key the first that waits is the first that is served. */
export class ReplyTable {
  readonly #byKey = new Map<string, readonly AwaitedReply[]>()

  /** How many keys are waited for. */
  get size(): number {
    return this.#byKey.size
  }

  /** Waits for an answer. */
  add(awaited: AwaitedReply): void {
    for (const key of awaited.keys) {
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), awaited])
    }
  }

  /** Waits no longer. */
  delete(awaited: AwaitedReply): void {
    for (const key of awaited.keys) {
      const rest = this.#byKey.get(key)?.filter((other) => other !== awaited)
      if (rest?.length) this.#byKey.set(key, rest)
      else this.#byKey.delete(key)
    }
  }

  /** Takes out whoever waits for an answer. */
  take({ to }: ControlReply): AwaitedReply | undefined {
    for (const key of to) {
      const awaited = this.#byKey.get(key)?.[0]
      if (!awaited) continue
      this.delete(awaited)
      return awaited
    }
    return undefined
  }

  /** When the first left, after `since`, whose answer is still due. */
  unansweredSince(since: number = Number.NEGATIVE_INFINITY): number | undefined {
    let first: number | undefined
    for (const queue of this.#byKey.values()) {
      for (const { leftAt } of queue) {
        if (leftAt === undefined || leftAt <= since) continue
        if (first === undefined || leftAt < first) first = leftAt
      }
    }
    return first
  }

  /** When the last left whose answer is still due. */
  lastLeftAt(): number | undefined {
    let last: number | undefined
    for (const queue of this.#byKey.values()) {
      for (const { leftAt } of queue)
        if (leftAt !== undefined) last = Math.max(leftAt, last ?? leftAt)
    }
    return last
  }
}
