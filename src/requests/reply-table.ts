import type { Answer } from '../ports/client-port.ts'

/** What is waited for, under every key its answer may carry. */
export interface Expectation {
  readonly keys: readonly string[]
  readonly answered: (answer: Answer) => void
  /** What it was said on. */
  readonly line: object | undefined
  /** When it left, by the clock's `now()`; `undefined` while it waits to. */
  leftAt: number | undefined
}

/** Answers that are due, by key; within a key the first that waits is the first that is served. */
export class Expectations {
  readonly #byKey = new Map<string, readonly Expectation[]>()

  /** How many keys are waited for. */
  get size(): number {
    return this.#byKey.size
  }

  /** Waits for an answer. */
  add(expectation: Expectation): void {
    for (const key of expectation.keys) {
      this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), expectation])
    }
  }

  /** Waits no longer. */
  delete(expectation: Expectation): void {
    for (const key of expectation.keys) {
      const rest = this.#byKey.get(key)?.filter((other) => other !== expectation)
      if (rest?.length) this.#byKey.set(key, rest)
      else this.#byKey.delete(key)
    }
  }

  /** Takes out whoever waits for an answer. */
  take({ to }: Answer): Expectation | undefined {
    for (const key of to) {
      const expectation = this.#byKey.get(key)?.[0]
      if (!expectation) continue
      this.delete(expectation)
      return expectation
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
