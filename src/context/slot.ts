import { shallowEqual } from '../base/plain.ts'
import type { Readable, StoreFactory, StoreKind, StoreRules, Writable } from '../base/store.ts'
import { Store } from '../base/store.ts'
import type { Fields } from '../protocol/fields.ts'
import type { EventMeta, EventOrder, SortKey } from './event-order.ts'
import { isBefore, sortKeyOf } from './event-order.ts'
import type { Linked } from './lru-list.ts'
import { LruList } from './lru-list.ts'
import type { DropReason, MutableCounts } from './registry-options.ts'

/** Key of the only entity of a slot without keys; a keyed slot does not allow an empty key. */
const SINGLE = ''

/**
 * An entity with its value, which is a store: that of the entity, unless the application has its own
 * kind.
 *
 * Everything that only the slot needs is private: the application prints, copies and compares its
 * store, and must not meet the other entities there.
 */
class Entry extends Store<unknown> implements Linked<Entry> {
  readonly #key: string
  #sortKey: SortKey | undefined
  #shown: ShownStore | undefined
  #older: Entry | undefined
  #newer: Entry | undefined

  constructor(key: string, rules: StoreRules) {
    super(undefined, rules)
    this.#key = key
  }

  get key(): string {
    return this.#key
  }

  /** Sort key of the newest context applied. */
  get sortKey(): SortKey | undefined {
    return this.#sortKey
  }
  set sortKey(sortKey) {
    this.#sortKey = sortKey
  }

  /** Its store of the application's own kind. Created on first use: most entities are never observed. */
  get shown(): ShownStore | undefined {
    return this.#shown
  }
  set shown(shown) {
    this.#shown = shown
  }

  get older(): Entry | undefined {
    return this.#older
  }
  set older(entry) {
    this.#older = entry
  }

  get newer(): Entry | undefined {
    return this.#newer
  }
  set newer(entry) {
    this.#newer = entry
  }
}

/** The entities of one kind: their values, their stores, and the rules by which they change. */
export class Slot {
  readonly #plan: SlotPlan
  readonly #host: SlotHost
  /** Entities with a value, in order of creation. */
  readonly #present = new Map<string, Entry>()
  /** Entities whose store was handed out, with or without a value: a key keeps its store. */
  readonly #shown = new Map<string, Entry>()
  readonly #usage: LruList<Entry> | undefined
  #keys: { readonly store: unknown; readonly set: (keys: readonly string[]) => void } | undefined
  #keysChanged = false
  /** Created on first use: maintaining it costs a walk over all values with every event. */
  #state: Writable<unknown> | undefined

  constructor(plan: SlotPlan, host: SlotHost) {
    this.#plan = plan
    this.#host = host
    if (plan.maxEntries !== Number.POSITIVE_INFINITY) this.#usage = new LruList()
  }

  /** Number of entities with a value. */
  get size(): number {
    return this.#present.size
  }

  /** Store of the keys, in order of creation. */
  get keys(): unknown {
    const { own, foreign } = this.#host.stores
    const keys: readonly string[] = [...this.#present.keys()]
    this.#keys ??= foreign?.create(keys) ?? new Store(keys, own)
    return this.#keys.store
  }

  /**
   * Store of all values, in order of creation, as of the last event; without keys, of the one
   * value.
   */
  get state(): Readable<unknown> {
    this.#state ??= new Store(this.#whole(), {
      report: (cause) => this.#host.failed(`listener of ${this.#plan.name}`, cause),
    })
    return this.#state
  }

  /** Returns the value of an entity. */
  get(key: string = SINGLE): unknown {
    return this.#present.get(key)?.get()
  }

  /** Returns the store of an entity, which need not exist yet. */
  entity(key: string = SINGLE): unknown {
    const { own, foreign } = this.#host.stores
    let entry = this.#shown.get(key)
    if (entry === undefined) {
      entry = this.#present.get(key) ?? new Entry(key, own)
      entry.begin()
      entry.shown = foreign?.create(entry.get())
      this.#shown.set(key, entry)
    }
    return entry.shown ? entry.shown.store : entry
  }

  /** Deletes an entity; false where there is none. */
  delete(key: string): boolean {
    const entry = this.#present.get(key)
    if (entry === undefined) return false
    this.#remove(entry)
    this.#host.flush()
    return true
  }

  /** Removes all entities; the stores keep their last value. */
  clear(): void {
    // A store that the application keeps must not keep the others.
    for (const entry of this.#present.values()) this.#usage?.remove(entry)
    this.#present.clear()
    this.#shown.clear()
    this.#keys = undefined
    this.#state = undefined
  }

  /**
   * Returns the key of a context's entity; reports a context without one and returns `undefined`.
   */
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
    const { order, equality, next } = this.#plan
    const { counts } = this.#host
    const entry = this.#present.get(key)
    const sortKey = order === 'arrival' ? undefined : sortKeyOf(order, meta)
    if (entry?.sortKey !== undefined) {
      if (sortKey === undefined) {
        this.#host.dropped(context, 'no-sort-key')
        return
      }
      if (isBefore(sortKey, entry.sortKey)) {
        counts.stale++
        return
      }
    }
    let value: unknown = context
    if (next) {
      try {
        value = next(entry?.get(), context)
      } catch (cause) {
        this.#host.failed(`reducer of ${this.#plan.name}`, cause)
        return
      }
    }
    if (value === undefined) {
      if (entry) this.#remove(entry)
    } else if (entry === undefined) {
      this.#create(key, value, sortKey)
    } else {
      entry.sortKey = sortKey
      this.#usage?.touch(entry)
      if (equality === 'shallow' && shallowEqual(entry.get(), value)) {
        counts.suppressed++
        return
      }
      counts.set++
      // Under `always` an identical object counts as set too. Listeners are notified as the store
      // decides: the built-in one ignores an identical value, Svelte's notifies for every object.
      this.#set(entry, value)
    }
  }

  /** Updates the stores of the keys and of all values. */
  flush(): void {
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
    if (this.#plan.key === undefined) return this.get()
    return Array.from(this.#present.values(), (entry) => entry.get())
  }

  #create(key: string, value: unknown, sortKey: SortKey | undefined): void {
    const { key: keyed, maxEntries } = this.#plan
    const entry = this.#shown.get(key) ?? new Entry(key, this.#host.stores.own)
    entry.sortKey = sortKey
    this.#present.set(key, entry)
    this.#usage?.touch(entry)
    // The entity of a slot without keys exists from the start.
    if (keyed) this.#host.counts.created++
    else this.#host.counts.set++
    this.#rekeyed()
    this.#set(entry, value)
    if (this.#present.size > maxEntries && this.#usage?.oldest) this.#remove(this.#usage.oldest)
  }

  #remove(entry: Entry): void {
    this.#present.delete(entry.key)
    this.#usage?.remove(entry)
    this.#rekeyed()
    this.#set(entry, undefined)
  }

  #rekeyed(): void {
    if (this.#keys === undefined) return
    this.#keysChanged = true
    this.#host.changed(this)
  }

  #set(entry: Entry, value: unknown): void {
    if (this.#state) this.#host.changed(this)
    entry.set(value)
    if (!entry.shown) return
    try {
      entry.shown.set(value)
    } catch (cause) {
      const key = JSON.stringify(entry.key.slice(0, 80))
      this.#host.failed(`store of ${this.#plan.name} ${key}`, cause)
    }
  }
}

/** A store of the application's own kind, with the function that sets it. */
type ShownStore = ReturnType<StoreFactory<StoreKind>['create']>

/** The rules of a slot, shared by all scopes. */
export interface SlotPlan<Context = Fields, Previous = unknown> {
  /** The kind, or the name of a derived slot. */
  readonly name: string
  /** Returns the key of a context's entity; without it the slot has a single entity. */
  readonly key: ((context: Context) => unknown) | undefined
  /**
   * Returns the new value of an entity; `undefined` deletes it. Without it, the context is the new
   * value.
   */
  readonly next: ((previous: Previous, context: Context) => unknown) | undefined
  /** Rule for finding the newer of two contexts of an entity. */
  readonly order: EventOrder
  /** With `shallow`, a value equal to the previous one is not set. */
  readonly equality: 'shallow' | 'always'
  /** Maximum number of entities. */
  readonly maxEntries: number
}

/** The stores of a registry. */
export interface RegistryStores {
  /** The rules of the built-in stores. */
  readonly own: StoreRules
  /** Makes the stores of the application's own kind, if it has one. */
  readonly foreign?: StoreFactory<StoreKind> | undefined
}

/** The registry, as its slots use it. */
export interface SlotHost {
  readonly stores: RegistryStores
  /** Counters of the registry. */
  readonly counts: MutableCounts
  /** Schedules {@link Slot.flush} for the next {@link SlotHost.flush}. */
  changed(slot: Slot): void
  /** Ends an event: updates the stores of the slots that changed. */
  flush(): void
  /** Reports a context that is not written. */
  dropped(context: unknown, reason: DropReason): void
  /** Reports an exception of application code. */
  failed(where: string, cause: unknown): void
}
