import type { Fields } from '../protocol/fields.ts'
import { asFields } from '../protocol/fields.ts'
import type { EventMeta } from './event-order.ts'

/** The most recent payloads, each once per event however many contexts repeat it. */
export interface PayloadLog {
  /** Returns all entries, the oldest first. */
  entries(): readonly PayloadEntry[]
  /** Returns the entries of one event. */
  byEvent(eventId: string): readonly PayloadEntry[]
  /** Returns the entries carried by contexts of one thread. */
  byThread(thread: string): readonly PayloadEntry[]
  /**
   * Returns the entries carried by contexts of one entity, even if another context carried them
   * first.
   */
  byEntity(kind: string, key?: string): readonly PayloadEntry[]
}

/** A long text that came with a context: a stack trace, a script, logs. */
export interface LoggedPayload {
  /** The text. */
  readonly content: string
  /** The type of the text, as the backend names it. */
  readonly type: string
}

/** A payload and its origin. */
export interface PayloadEntry extends LoggedPayload {
  /** The id of the event that carried it. */
  readonly eventId: string | undefined
  /** The kind of the first context of the event that carried it. */
  readonly kind: string
  /** The entity key of that context; `undefined` for single and union kinds. */
  readonly key: string | undefined
  /** The `thread` of that context, if any. */
  readonly thread: string | undefined
  /** Time of the event, in milliseconds since the Unix epoch. */
  readonly timestamp: number | undefined
}

/** Limits and selector of a payload log. */
export interface PayloadLogOptions<Context = Fields> {
  /**
   * Maximum number of entries; the oldest are removed first.
   * @default 500
   */
  readonly entries?: number | undefined
  /**
   * Maximum number of characters (UTF-16 units of `content` and `type`); the oldest entries are
   * removed first, and a single payload above the limit is truncated and ends in a note.
   * @default 1_000_000
   */
  readonly chars?: number | undefined
  /**
   * Returns the payload of a context, `undefined` where it has none.
   * @default its `payload`, where that has a `content`, and a `type` other than `NONE`
   */
  readonly of?: ((context: Context) => LoggedPayload | undefined) | undefined
}

/** Maximum number of carriers per entry: an event may repeat a payload under ever new keys. */
const MOST_CARRIERS = 64

/** The {@link PayloadLog} that a registry writes. */
export class PayloadRing implements PayloadLog {
  readonly #limits: { readonly entries: number; readonly chars: number }
  readonly #log: Logged[] = []
  /** Entries by event id: a new payload is compared with those of its event. */
  readonly #byEvent = new Map<string, Logged[]>()
  #chars = 0

  constructor({ entries = 500, chars = 1_000_000 }: Omit<PayloadLogOptions, 'of'>) {
    this.#limits = { entries, chars }
  }

  /** Adds a payload, unless the same event carried the same one before. */
  add(payload: LoggedPayload, carrier: Carrier, meta: EventMeta): void {
    const type = payload.type
    const content = truncate(payload.content, Math.max(0, this.#limits.chars - type.length))
    const ofEvent = this.#ofEvent(meta.id)
    for (const { entry, carriers } of ofEvent) {
      if (entry.type !== type || entry.content !== content) continue
      if (carriers.length < MOST_CARRIERS && !carriers.some((other) => isSame(other, carrier))) {
        carriers.push(carrier)
      }
      return
    }
    const { kind, key, thread } = carrier
    const { id: eventId, timestamp } = meta
    // Frozen, since its size is counted again when it is dropped.
    const entry = Object.freeze({ eventId, kind, key, thread, timestamp, type, content })
    const logged = { entry, carriers: [carrier] }
    if (eventId !== undefined) this.#byEvent.set(eventId, ofEvent)
    ofEvent.push(logged)
    this.#log.push(logged)
    this.#chars += sizeOf(entry)
    while (this.#isOver()) this.#dropOldest()
  }

  entries(): readonly PayloadEntry[] {
    return this.#log.map(({ entry }) => entry)
  }

  byEvent(eventId: string): readonly PayloadEntry[] {
    return this.#ofEvent(eventId).map(({ entry }) => entry)
  }

  byThread(thread: string): readonly PayloadEntry[] {
    return this.#carriedBy((carrier) => carrier.thread === thread)
  }

  byEntity(kind: string, key?: string): readonly PayloadEntry[] {
    return this.#carriedBy((carrier) => carrier.kind === kind && carrier.key === key)
  }

  /** Removes all entries. */
  clear(): void {
    this.#log.length = 0
    this.#byEvent.clear()
    this.#chars = 0
  }

  #carriedBy(matches: (carrier: Carrier) => boolean): readonly PayloadEntry[] {
    return this.#log.filter(({ carriers }) => carriers.some(matches)).map(({ entry }) => entry)
  }

  /** Returns the entries of an event; none without an id, since such events cannot be matched. */
  #ofEvent(eventId: string | undefined): Logged[] {
    return (eventId === undefined ? undefined : this.#byEvent.get(eventId)) ?? []
  }

  #isOver(): boolean {
    const { length } = this.#log
    return length > 0 && (length > this.#limits.entries || this.#chars > this.#limits.chars)
  }

  #dropOldest(): void {
    const oldest = this.#log.shift()
    if (oldest === undefined) return
    const { entry } = oldest
    this.#chars -= sizeOf(entry)
    if (entry.eventId === undefined) return
    // The oldest of all is the oldest of its event.
    const ofEvent = this.#ofEvent(entry.eventId)
    ofEvent.shift()
    if (ofEvent.length === 0) this.#byEvent.delete(entry.eventId)
  }
}

/** Returns a context's `payload` if it has a `content`, and a `type` other than `NONE`. */
export function payloadOf(context: Fields): LoggedPayload | undefined {
  const { payload } = context
  return isPayload(payload) && payload.type !== 'NONE' ? payload : undefined
}

/** Whether a value, from a peer or from an option, is a payload. */
export function isPayload(value: unknown): value is LoggedPayload {
  const { content, type } = asFields(value)
  return typeof content === 'string' && typeof type === 'string'
}

function truncate(content: string, limit: number): string {
  const { length } = content
  if (length <= limit) return content
  const note = `… [cut: ${length} characters]`
  return (content.slice(0, Math.max(0, limit - note.length)) + note).slice(0, limit)
}

function sizeOf({ content, type }: LoggedPayload): number {
  return content.length + type.length
}

function isSame(left: Carrier, right: Carrier): boolean {
  return left.kind === right.kind && left.key === right.key && left.thread === right.thread
}

interface Logged {
  readonly entry: PayloadEntry
  readonly carriers: Carrier[]
}

/** A context that carried an entry. */
interface Carrier {
  readonly kind: string
  readonly key: string | undefined
  readonly thread: string | undefined
}
