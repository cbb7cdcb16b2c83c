import type { Position } from '../../protocol/frame.ts'
import type { EventEncoder, ServerDialect } from '../../protocol/server-dialect.ts'

/** An event with its position in a channel; it caches its encoded texts. */
export class ChannelEvent implements NewEvent {
  /** The channel whose history has the event. */
  readonly channel: string
  /** The epoch of that history; `undefined` if the event has no position. */
  readonly epoch: string | undefined
  /** The offset; `undefined` if only the members of this process received the event. */
  readonly offset: number | undefined
  /** The channel it was published on. */
  readonly source: string
  /** The type of the event. */
  readonly type: string
  readonly json: string | undefined
  readonly id: string | undefined
  readonly timestamp: number
  readonly #texts = new Map<EventEncoder, string | undefined>()
  #payload: { readonly value: unknown } | undefined

  /** Creates an event at a position; `undefined` for one that has none. */
  constructor(channel: string, position: Position | undefined, event: NewEvent) {
    this.channel = channel
    this.epoch = position?.epoch
    this.offset = position?.offset
    this.source = event.source
    this.type = event.type
    this.json = event.json
    this.id = event.id
    this.timestamp = event.timestamp
  }

  /** The parsed payload, parsed once and shared; do not modify it. */
  get payload(): unknown {
    this.#payload ??= { value: this.json === undefined ? undefined : JSON.parse(this.json) }
    return this.#payload.value
  }

  /**
   * Encodes the event for the members that use a dialect; the text is cached.
   *
   * @param prev the member's previous offset; if it is not the one before this event, the text
   * is made for this member only
   */
  text(dialect: ServerDialect, prev?: number): string | undefined {
    const encoder = dialect.events?.(this.channel, this.source) ?? dialect
    if (prev !== undefined && prev + 1 !== this.offset) return this.#write(encoder, prev)
    const text = this.#texts.get(encoder)
    if (text !== undefined || this.#texts.has(encoder)) return text
    const written = this.#write(encoder, undefined)
    this.#texts.set(encoder, written)
    return written
  }

  #write(encoder: EventEncoder, prev: number | undefined): string | undefined {
    const { channel, source, type, json, id, offset, timestamp } = this
    const via = source === channel ? undefined : channel
    return encoder.encodeEvent({ channel: source, type, json, id, offset, prev, via, timestamp })
  }

  /** @internal Vue's `reactive` does not proxy objects with their own `toStringTag`. */
  get [Symbol.toStringTag](): string {
    return 'ChannelEvent'
  }
}

/** An event to which no broker has given a position yet. */
export interface NewEvent {
  /** The channel that the event was published on; a family's history has the events of many channels. */
  readonly source: string
  /** The type of the event. */
  readonly type: string
  /** The payload as JSON text; `undefined` for no payload. */
  readonly json: string | undefined
  /** The id that the publisher gave the event. */
  readonly id: string | undefined
  /** The time of publishing, in milliseconds since the Unix epoch. */
  readonly timestamp: number
}
