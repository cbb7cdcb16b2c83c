import type { Answer } from '../wire/line.ts'

/** What is waited for, under every key its answer may carry. */
export interface Expectation {
  readonly keys: readonly string[]
  readonly answered: (answer: Answer) => void
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

  /** Gives an answer to whoever waits for it; false where nobody does. */
  settle(answer: Answer): boolean {
    for (const key of answer.to) {
      const expectation = this.#byKey.get(key)?.[0]
      if (!expectation) continue
      this.delete(expectation)
      expectation.answered(answer)
      return true
    }
    return false
  }

  /** Forgets everything. */
  clear(): void {
    this.#byKey.clear()
  }
}
