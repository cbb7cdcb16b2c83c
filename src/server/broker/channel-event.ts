import type { Position } from '../../protocol/frame.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'

/** An event with its place, which knows its own text. */
export class ChannelEvent implements NewEvent {
  /** The channel whose history it is in. */
  readonly channel: string
  /** Which history that is; `undefined` where the event has no place in it. */
  readonly epoch: string | undefined
  /** Its place in it; `undefined` where it was told to the members of this process only. */
  readonly offset: number | undefined
  readonly source: string
  readonly type: string
  readonly json: string | undefined
  readonly id: string | undefined
  readonly timestamp: number
  readonly #texts = new Map<ServerDialect, string | undefined>()
  #payload: { readonly value: unknown } | undefined

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

  /** The payload as a value, read once for all who ask; not to be changed. */
  get payload(): unknown {
    this.#payload ??= { value: this.json === undefined ? undefined : JSON.parse(this.json) }
    return this.#payload.value
  }

  /**
   * The text for the members of one dialect; written once, however many they are.
   *
   * @param prev the previous offset due to the member: where that is not the one before, the text is
   * for this member alone
   */
  text(dialect: ServerDialect, prev?: number): string | undefined {
    if (prev !== undefined && prev + 1 !== this.offset) return this.#write(dialect, prev)
    if (!this.#texts.has(dialect)) this.#texts.set(dialect, this.#write(dialect, undefined))
    return this.#texts.get(dialect)
  }

  #write(dialect: ServerDialect, prev: number | undefined): string | undefined {
    const { channel, source, type, json, id, offset, timestamp } = this
    const via = source === channel ? undefined : channel
    return dialect.encodeEvent({ channel: source, type, json, id, offset, prev, via, timestamp })
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ChannelEvent'
  }
}

/** An event before it has a place. */
export interface NewEvent {
  /** The channel it happened on, which is not the history it goes to where that is a family's. */
  readonly source: string
  readonly type: string
  /** Its payload as JSON text; `undefined` where it has none. */
  readonly json: string | undefined
  /** Its maker's id for it. */
  readonly id: string | undefined
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
}
