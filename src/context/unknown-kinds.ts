import type { Readable, StoreRules } from '../base/store.ts'
import { Store } from '../base/store.ts'

/** Maximum number of kinds that are counted: a peer chooses the names. */
const MOST_KINDS = 100
/** Maximum length of a counted name; longer names are truncated. */
const LONGEST_NAME = 128

/** Counts the contexts of unhandled kinds. */
export class UnknownKinds {
  readonly #store: Store<ReadonlyMap<string, number>>
  /** The counts since the last {@link UnknownKinds.flush}, if one changed. */
  #changed: Map<string, number> | undefined

  constructor(rules: StoreRules) {
    this.#store = new Store<ReadonlyMap<string, number>>(new Map(), rules)
  }

  /** Contexts per kind, for the first hundred kinds. */
  get store(): Readable<ReadonlyMap<string, number>> {
    return this.#store
  }

  /** Counts one context; {@link UnknownKinds.flush} updates the store. */
  count(kind: string): void {
    const name = kind.slice(0, LONGEST_NAME)
    const kinds = this.#changed ?? this.#store.get()
    if (!kinds.has(name) && kinds.size >= MOST_KINDS) return
    this.#changed ??= new Map(kinds)
    this.#changed.set(name, (kinds.get(name) ?? 0) + 1)
  }

  /** Updates the store if a count changed. */
  flush(): void {
    const changed = this.#changed
    if (!changed) return
    this.#changed = undefined
    this.#store.set(changed)
  }
}
