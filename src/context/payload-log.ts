import type { Fields } from '../protocol/fields.ts'
import type { EventMeta } from './event-order.ts'

/** Something long that came with a context: a stack trace, a script, logs. */
export interface LoggedPayload {
  /** The text. */
  readonly content: string
  /** What the text is, in the words of the backend. */
  readonly type: string
}

/** A payload and where it came from. */
export interface PayloadEntry extends LoggedPayload {
  /** The id of the event that brought it. */
  readonly eventId: string | undefined
  /** The kind of the first context of the event that carried it. */
  readonly kind: string
  /** The entity key of that context; `undefined` for single and union kinds. */
  readonly key: string | undefined
  /** The `thread` of that context, where it has one. */
  readonly thread: string | undefined
  /** When the event happened, in milliseconds since the Unix epoch. */
  readonly timestamp: number | undefined
}

/** What a payload log holds and reads. */
export interface PayloadLogOptions<Context = Fields> {
  /**
   * The most entries; the oldest go first.
   * @default 500
   */
  readonly entries?: number | undefined
  /**
   * The most characters (UTF-16 units of `content` and `type`); the oldest entries go first, and a
   * payload that is longer by itself is cut and ends in a note that says so.
   * @default 1_000_000
   */
  readonly chars?: number | undefined
  /**
   * The payload of a context, `undefined` where it has none.
   * @default its `payload`, where that has a `content` and a `type`
   */
  readonly of?: ((context: Context) => LoggedPayload | undefined) | undefined
}

/** The last payloads of all contexts, each once per event however many contexts repeat it. */
export interface PayloadLog {
  /** All of them, the oldest first. */
  entries(): readonly PayloadEntry[]
  /** Those of one event. */
  byEvent(eventId: string): readonly PayloadEntry[]
  /** Those carried by a context of one thread. */
  byThread(thread: string): readonly PayloadEntry[]
  /** Those carried by the contexts of one entity, also where another context carried them first. */
  byEntity(kind: string, key?: string): readonly PayloadEntry[]
}

/** A context that carried an entry. */
interface Carrier {
  readonly kind: string
  readonly key: string | undefined
  readonly thread: string | undefined
}

interface Logged {
  readonly entry: PayloadEntry
  readonly carriers: Carrier[]
}

/** One event may repeat a payload for ever under new keys; this many of them are findable. */
const MOST_CARRIERS = 64

/** The {@link PayloadLog} a registry writes. */
export class PayloadRing implements PayloadLog {
  readonly #limits: { readonly entries: number; readonly chars: number }
  readonly #log: Logged[] = []
  /** The one index: every new payload is looked up among those of its event. */
  readonly #byEvent = new Map<string, Logged[]>()
  #chars = 0

  constructor({ entries = 500, chars = 1_000_000 }: Omit<PayloadLogOptions, 'of'>) {
    this.#limits = { entries, chars }
  }

  /** Adds a payload, unless the same event brought the same one before. */
  add(payload: LoggedPayload, carrier: Carrier, meta: EventMeta): void {
    const type = payload.type
    const content = cut(payload.content, this.#limits.chars - type.length)
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
    const entry = { eventId, kind, key, thread, timestamp, type, content }
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

  /** Forgets everything. */
  clear(): void {
    this.#log.length = 0
    this.#byEvent.clear()
    this.#chars = 0
  }

  #carriedBy(matches: (carrier: Carrier) => boolean): readonly PayloadEntry[] {
    return this.#log.filter(({ carriers }) => carriers.some(matches)).map(({ entry }) => entry)
  }

  /** Events without an id have nothing in common. */
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

/** A context's `payload`, where that has a `content` and a `type`. */
export function payloadOf(context: Fields): LoggedPayload | undefined {
  const payload = context.payload
  return isPayload(payload) ? payload : undefined
}

/** Whether a value, from a peer or from an option, is a payload. */
export function isPayload(value: unknown): value is LoggedPayload {
  if (typeof value !== 'object' || value === null) return false
  const { content, type } = value as Partial<LoggedPayload>
  return typeof content === 'string' && typeof type === 'string'
}

function cut(content: string, limit: number): string {
  if (content.length <= limit) return content
  const note = `… [cut: ${content.length} characters]`
  return (content.slice(0, Math.max(0, limit - note.length)) + note).slice(0, Math.max(0, limit))
}

function sizeOf({ content, type }: LoggedPayload): number {
  return content.length + type.length
}

function isSame(left: Carrier, right: Carrier): boolean {
  return left.kind === right.kind && left.key === right.key && left.thread === right.thread
}
