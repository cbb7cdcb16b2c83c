import type { Readable, StoreOptions, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'

/** Maximum number of kinds that are counted: a peer chooses the names. */
const MOST_KINDS = 100
/** Maximum length of a counted name; longer names are truncated. */
const LONGEST_NAME = 128

/** Counts the contexts of unhandled kinds. */
export class UnknownKinds {
  readonly #store: Writable<ReadonlyMap<string, number>>
  readonly #kinds = new Map<string, number>()
  #changed = false

  constructor(options: StoreOptions) {
    this.#store = createStore<ReadonlyMap<string, number>>(new Map(), options)
  }

  /** Contexts per kind, for the first hundred kinds. */
  get store(): Readable<ReadonlyMap<string, number>> {
    return this.#store
  }

  /** Counts one context; {@link UnknownKinds.flush} updates the store. */
  count(kind: string): void {
    const name = kind.slice(0, LONGEST_NAME)
    const before = this.#kinds.get(name)
    if (before === undefined && this.#kinds.size >= MOST_KINDS) return
    this.#kinds.set(name, (before ?? 0) + 1)
    this.#changed = true
  }

  /** Updates the store if a count changed. */
  flush(): void {
    if (!this.#changed) return
    this.#changed = false
    this.#store.set(new Map(this.#kinds))
  }
}
