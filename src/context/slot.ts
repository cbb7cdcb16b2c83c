import type { Readable, StoreFactory, StoreKind, Writable } from '../base/store.ts'
import { createStore } from '../base/store.ts'
import type { Fields } from '../protocol/fields.ts'
import type { EventMeta, EventOrder, SortKey } from './event-order.ts'
import { isBefore, sortKeyOf } from './event-order.ts'
import { LruList } from './lru-list.ts'
import type { DropReason, MutableCounts } from './registry-options.ts'
import { shallowEqual } from './shallow-equal.ts'

/** What a slot makes of the contexts it is fed; the same in every scope. */
export interface SlotPlan<Context = Fields, Previous = unknown> {
  /** What it is asked for by: its kind, or the name of a derived slot. */
  readonly name: string
  /** The entity a context is of; without, the slot has only one. */
  readonly key: ((context: Context) => unknown) | undefined
  /** The new value of an entity; `undefined` deletes it. */
  readonly next: (previous: Previous, context: Context) => unknown
  /** Which of two contexts of an entity is the newer. */
  readonly order: EventOrder
  /** Whether a value equal to the previous one is set. */
  readonly equality: 'shallow' | 'always'
  /** The most entities. */
  readonly maxEntries: number
}

/** What a slot needs of the registry it is in. */
export interface SlotHost {
  /** Makes the stores of entities and keys. */
  readonly stores: StoreFactory<StoreKind>
  /** Where the slot counts what it does. */
  readonly counts: MutableCounts
  /** Has {@link Slot.tellWhole} called with the next {@link SlotHost.settle}. */
  changed(slot: Slot): void
  /** The event is done: what was put off until then is told. */
  settle(): void
  /** Tells of a context that is not written. */
  dropped(context: unknown, reason: DropReason): void
  /** Tells of code of the application that threw. */
  failed(where: string, cause: unknown): void
}

/** The key of the one entity of a slot without keys; no other slot has it. */
const SINGLE = ''

class Entry {
  readonly key: string
  value: unknown
  /** That of the newest context applied. */
  sortKey: SortKey | undefined
  /** Made when it is first asked for: most entities are never looked at. */
  store: { readonly store: unknown; readonly set: (value: unknown) => void } | undefined
  older: Entry | undefined
  newer: Entry | undefined

  constructor(key: string) {
    this.key = key
    this.value = undefined
    this.sortKey = undefined
    this.store = undefined
    this.older = undefined
    this.newer = undefined
  }
}

/** The entities of one kind: their values, their stores, and the rule by which they change. */
export class Slot {
  readonly #plan: SlotPlan
  readonly #host: SlotHost
  /** Those that have a value, in the order they came to have one. */
  readonly #present = new Map<string, Entry>()
  /** Those whose store was handed out, with a value or without: the store stays the entity's own. */
  readonly #shown = new Map<string, Entry>()
  readonly #recency: LruList<Entry> | undefined
  #keys: { readonly store: unknown; readonly set: (keys: readonly string[]) => void } | undefined
  #keysChanged = false
  /** Made when it is first asked for: all values together cost a walk over them with every event. */
  #state: Writable<unknown> | undefined

  constructor(plan: SlotPlan, host: SlotHost) {
    this.#plan = plan
    this.#host = host
    if (plan.maxEntries !== Number.POSITIVE_INFINITY) this.#recency = new LruList()
  }

  /** How many entities have a value. */
  get size(): number {
    return this.#present.size
  }

  /** The store of the keys, in order of creation. */
  get keys(): unknown {
    this.#keys ??= this.#host.stores.create<readonly string[]>([...this.#present.keys()])
    return this.#keys.store
  }

  /** The values of all entities, in order of creation, as of the last event; of one without keys its value. */
  get state(): Readable<unknown> {
    this.#state ??= createStore(this.#whole(), {
      onError: (cause) => this.#host.failed(`listener of ${this.#plan.name}`, cause),
    })
    return this.#state
  }

  /** The value of an entity. */
  get(key: string = SINGLE): unknown {
    return this.#present.get(key)?.value
  }

  /** The store of an entity, which need not exist yet. */
  entity(key: string = SINGLE): unknown {
    let entry = this.#shown.get(key)
    if (entry === undefined) {
      entry = this.#present.get(key) ?? new Entry(key)
      this.#shown.set(key, entry)
    }
    entry.store ??= this.#host.stores.create(entry.value)
    return entry.store.store
  }

  /** Deletes an entity; false where there is none. */
  delete(key: string): boolean {
    const entry = this.#present.get(key)
    if (entry === undefined) return false
    this.#remove(entry)
    this.#host.settle()
    return true
  }

  /** Forgets everything; the stores keep what they hold. */
  clear(): void {
    this.#present.clear()
    this.#shown.clear()
    this.#keys = undefined
    this.#state = undefined
  }

  /** The key of the entity a context is of; of one that has none it tells, and gives `undefined`. */
  keyOf(context: Fields): string | undefined {
    if (this.#plan.key === undefined) return SINGLE
    let key: unknown
    try {
      key = this.#plan.key(context)
    } catch (cause) {
      this.#host.failed(`key selector of ${this.#plan.name}`, cause)
      return undefined
    }
    if (typeof key === 'string' && key !== '') return key
    this.#host.dropped(context, 'no-key')
    return undefined
  }

  /** Applies a context to an entity. */
  write(key: string, context: Fields, meta: EventMeta): void {
    const { order, equality } = this.#plan
    const { counts } = this.#host
    const entry = this.#present.get(key)
    const sortKey = sortKeyOf(order, meta)
    if (entry?.sortKey !== undefined && sortKey !== undefined && isBefore(sortKey, entry.sortKey)) {
      counts.stale++
      return
    }
    let value: unknown
    try {
      value = this.#plan.next(entry?.value, context)
    } catch (cause) {
      this.#host.failed(`reducer of ${this.#plan.name}`, cause)
      return
    }
    if (value === undefined) {
      if (entry) this.#remove(entry)
    } else if (entry === undefined) {
      this.#create(key, value, sortKey)
    } else {
      if (sortKey !== undefined) entry.sortKey = sortKey
      this.#recency?.touch(entry)
      if (equality === 'shallow' && shallowEqual(entry.value, value)) {
        counts.suppressed++
        return
      }
      entry.value = value
      counts.set++
      // Under `always` the very same object counts as set too. Whether listeners hear of it is up to
      // the store: the built-in one tells only of another value, Svelte's tells of any object.
      this.#tell(entry)
    }
  }

  /** Sets the stores of the keys and of all values. */
  tellWhole(): void {
    if (this.#keysChanged) {
      this.#keysChanged = false
      try {
        this.#keys?.set([...this.#present.keys()])
      } catch (cause) {
        this.#host.failed(`store of the keys of ${this.#plan.name}`, cause)
      }
    }
    this.#state?.set(this.#whole())
  }

  #whole(): unknown {
    if (this.#plan.key === undefined) return this.#present.get(SINGLE)?.value
    return Array.from(this.#present.values(), ({ value }) => value)
  }

  #create(key: string, value: unknown, sortKey: SortKey | undefined): void {
    const { key: keyed, maxEntries } = this.#plan
    const entry = this.#shown.get(key) ?? new Entry(key)
    entry.value = value
    entry.sortKey = sortKey
    this.#present.set(key, entry)
    this.#recency?.touch(entry)
    // A slot without keys has its one entity from the start.
    if (keyed) this.#host.counts.created++
    else this.#host.counts.set++
    this.#rekeyed()
    if (this.#present.size > maxEntries && this.#recency?.oldest) this.#remove(this.#recency.oldest)
    this.#tell(entry)
  }

  #remove(entry: Entry): void {
    this.#present.delete(entry.key)
    this.#recency?.remove(entry)
    entry.value = undefined
    this.#rekeyed()
    this.#tell(entry)
  }

  #rekeyed(): void {
    if (this.#keys === undefined) return
    this.#keysChanged = true
    this.#host.changed(this)
  }

  /** With the value of this moment: a listener may have dispatched meanwhile. */
  #tell(entry: Entry): void {
    if (this.#state) this.#host.changed(this)
    if (entry.store === undefined) return
    try {
      entry.store.set(entry.value)
    } catch (cause) {
      this.#host.failed(
        `store of ${this.#plan.name} ${JSON.stringify(entry.key.slice(0, 80))}`,
        cause,
      )
    }
  }
}
