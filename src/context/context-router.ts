import { badOption, handlerFailed } from '../base/errors.ts'
import { checkNames } from '../base/known-names.ts'
import { printError, safely } from '../base/report.ts'
import type { Fields } from '../protocol/fields.ts'
import { asString, isFields } from '../protocol/fields.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { EventMeta } from './event-order.ts'
import { isPayload, PayloadRing, payloadOf } from './payload-log.ts'
import { RecentIds } from './recent-ids.ts'
import type { DropReason, MutableCounts, RegistryOptions } from './registry-options.ts'
import type { RegistryStores, SlotHost, SlotPlan } from './slot.ts'
import { Slot } from './slot.ts'
import { UnknownKinds } from './unknown-kinds.ts'

/** Maximum nesting depth of contexts in one event. */
const DEEPEST = 64
/** Number of ids that `dedupe: true` remembers. */
const DEDUPE_ENTRIES = 10_000

/** Splits events into contexts and writes them to the slots; the untyped half of a registry. */
export class ContextRouter implements SlotHost {
  readonly stores: RegistryStores
  readonly counts: MutableCounts = {
    created: 0,
    set: 0,
    suppressed: 0,
    stale: 0,
    duplicates: 0,
    unknown: 0,
    dropped: 0,
  }
  readonly payloads: PayloadRing
  readonly unknown: UnknownKinds
  /** Whether further events are ignored. */
  closed = false
  /** Slots by name; a union has a name, but no slot. */
  readonly #slots = new Map<string, Slot | undefined>()
  readonly #options: RegistryOptions<Fields>
  readonly #contextOf: (event: EventFrame) => unknown
  readonly #report: (error: unknown) => void
  readonly #by: string
  readonly #recent: RecentIds | undefined
  readonly #routes = new Map<string, Route>()
  /** Slots and counts that changed since the last {@link ContextRouter.flush}. */
  readonly #changed = new Set<Flushed>()
  /**
   * The contexts around the one being folded; a listener that dispatches pushes to the same array.
   */
  readonly #path: object[] = []

  constructor(options: RegistryOptions<Fields>, stores: RegistryStores) {
    const { by = 'kind', dedupe = false, payloads = {}, notify, onError, idOf, onDrop } = options
    const { contextOf = ({ payload }) => this.#contextIn(payload) } = options
    const known = { by, dedupe, payloads, notify, onError, idOf, onDrop, contextOf }
    checkNames('ContextRegistry', options, known)
    this.#options = options
    this.#contextOf = contextOf
    this.#report = safely(onError ?? printError)
    this.stores = stores
    this.#by = by
    if (dedupe) this.#recent = new RecentIds(dedupe === true ? DEDUPE_ENTRIES : dedupe.entries)
    this.payloads = new PayloadRing(payloads)
    this.unknown = new UnknownKinds(stores.own)
  }

  /** Adds a registration; throws if the kind or the name is taken. */
  add({ kind, slot: plan, derived = false, parts }: RoutePlan): void {
    const name = plan?.name ?? kind
    if (this.#slots.has(name))
      throw badOption('name', `The slot ${name} already exists. Use another name.`)
    const route = this.#routes.get(kind) ?? { own: undefined, derived: [], parts: undefined }
    this.#routes.set(kind, route)
    const slot = plan && new Slot(plan, this)
    this.#slots.set(name, slot)
    if (!derived) {
      route.own = slot
      route.parts = parts
    } else if (slot) route.derived.push(slot)
  }

  /** Returns the slot of this name; throws if there is none. */
  slot(name: string): Slot {
    const slot = this.#slots.get(name)
    if (slot === undefined) {
      throw badOption('name', `There is no slot ${name} with entities. Add it.`)
    }
    return slot
  }

  /** Folds one context, whose shape is not trusted: a peer may have made it. */
  dispatch(context: unknown, meta: EventMeta): void {
    this.#take(context, meta)
    this.flush()
  }

  /** Folds the contexts that events carry. */
  fold(events: readonly EventFrame[]): void {
    for (const event of events) this.#take(this.#contextOf(event), event)
    this.flush()
  }

  changed(part: Flushed): void {
    this.#changed.add(part)
  }

  flush(): void {
    for (const part of this.#changed) {
      // Delete first: a listener may dispatch, which marks the part as changed again.
      this.#changed.delete(part)
      part.flush()
    }
  }

  failed(where: string, cause: unknown): void {
    this.#report(handlerFailed(where, cause))
  }

  dropped(context: unknown, reason: DropReason): void {
    this.counts.dropped++
    try {
      this.#options.onDrop?.(context, reason)
    } catch (cause) {
      this.failed('onDrop option', cause)
    }
  }

  /** Clears all slots and ignores further events. */
  close(): void {
    this.closed = true
    for (const slot of this.#slots.values()) slot?.clear()
    this.payloads.clear()
  }

  /** Returns the payload if it has the discriminating field, else the payload's `context`. */
  #contextIn(payload: unknown): unknown {
    if (!isFields(payload) || typeof payload[this.#by] === 'string') return payload
    return payload.context ?? payload
  }

  #take(context: unknown, meta: EventMeta): void {
    if (this.closed) return
    if (!isFields(context)) {
      this.dropped(context, 'not-an-object')
      return
    }
    const kind = this.#kindOf(context)
    if (kind === undefined) return
    const id = meta.id || this.#idOf(context)
    if (id !== undefined && this.#recent?.seen(id)) {
      this.counts.duplicates++
      return
    }
    const known = id === meta.id ? meta : { ...meta, id }
    this.#walk(context, kind, known, this.#path.length)
  }

  /**
   * Writes a context, then its parts; `root` is the index in the path at which its event begins.
   */
  #walk(context: Fields, kind: string, meta: EventMeta, root: number): void {
    const route = this.#routes.get(kind)
    if (route === undefined) {
      this.counts.unknown++
      this.unknown.count(kind)
      this.changed(this.unknown)
      return
    }
    const key = route.own?.keyOf(context)
    // Log first, so that listeners of the state find the payload in the log.
    this.#log(context, kind, key, meta)
    if (route.own && key !== undefined) route.own.write(key, context, meta)
    for (const slot of route.derived) {
      const derivedKey = slot.keyOf(context)
      if (derivedKey !== undefined) slot.write(derivedKey, context, meta)
    }
    if (route.parts) this.#walkParts(context, kind, route.parts, meta, root)
  }

  #walkParts(
    context: Fields,
    kind: string,
    partsOf: NonNullable<RoutePlan['parts']>,
    meta: EventMeta,
    root: number,
  ): void {
    let parts: unknown
    try {
      parts = partsOf(context)
    } catch (cause) {
      this.failed(`parts selector of ${kind}`, cause)
    }
    // The selector may return a peer's value that is not a list.
    if (!Array.isArray(parts)) return
    this.#path.push(context)
    for (const part of parts) {
      if (!isFields(part)) continue
      if (this.#path.includes(part, root)) this.dropped(part, 'cycle')
      else if (this.#path.length - root >= DEEPEST) this.dropped(part, 'too-deep')
      else {
        const partKind = this.#kindOf(part)
        if (partKind !== undefined) this.#walk(part, partKind, meta, root)
      }
    }
    this.#path.pop()
  }

  /** Returns the kind of a context; drops a context without one. */
  #kindOf(context: Fields): string | undefined {
    const kind = context[this.#by]
    if (typeof kind === 'string') return kind
    this.dropped(context, 'no-discriminant')
    return undefined
  }

  #idOf(context: Fields): string | undefined {
    try {
      const { idOf } = this.#options
      return asString(idOf ? idOf(context) : context.event_id) || undefined
    } catch (cause) {
      this.failed('idOf option', cause)
      return undefined
    }
  }

  #log(context: Fields, kind: string, key: string | undefined, meta: EventMeta): void {
    try {
      const select = this.#options.payloads?.of
      // Most contexts carry none.
      if (!select && context.payload === undefined) return
      const payload = (select ?? payloadOf)(context)
      if (!isPayload(payload)) return
      const carrier = { kind, key: key || undefined, thread: asString(context.thread) }
      this.payloads.add(payload, carrier, meta)
    } catch (cause) {
      this.failed('payload selector', cause)
    }
  }
}

/** A registration for contexts of one kind: its own slot, a derived slot, or only their parts. */
export interface RoutePlan<Context = Fields, Previous = unknown> {
  /** The kind of the contexts. */
  readonly kind: string
  /** The slot; none for a union. */
  readonly slot?: SlotPlan<Context, Previous>
  /** Whether the slot is additional to the kind's own. */
  readonly derived?: boolean
  /** Returns the contexts within a context. */
  readonly parts?: ((context: Context) => readonly unknown[]) | undefined
}

/** A part of a registry that updates its stores at the end of an event. */
interface Flushed {
  flush(): void
}

/** The slots and parts of one kind. */
interface Route {
  own: Slot | undefined
  readonly derived: Slot[]
  parts: RoutePlan['parts']
}
