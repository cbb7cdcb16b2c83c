import type { Readable, StoreOptions, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'

/** So many kinds are told apart: their names are a peer's choice. */
const MOST_KINDS = 100
/** And so much of a name. */
const LONGEST_NAME = 128

/** Counts the contexts of kinds that nobody handles. */
export class UnknownKinds {
  readonly #store: Writable<ReadonlyMap<string, number>>
  readonly #kinds = new Map<string, number>()
  #changed = false

  constructor(options: StoreOptions) {
    this.#store = createStore<ReadonlyMap<string, number>>(new Map(), options)
  }

  /** How many contexts of which kind, of the first hundred kinds. */
  get store(): Readable<ReadonlyMap<string, number>> {
    return this.#store
  }

  /** Counts one; the store hears of it with {@link UnknownKinds.tell}. */
  count(kind: string): void {
    const name = kind.slice(0, LONGEST_NAME)
    const before = this.#kinds.get(name)
    if (before === undefined && this.#kinds.size >= MOST_KINDS) return
    this.#kinds.set(name, (before ?? 0) + 1)
    this.#changed = true
  }

  /** Sets the store, if there is news. */
  tell(): void {
    if (!this.#changed) return
    this.#changed = false
    this.#store.set(new Map(this.#kinds))
  }
}
