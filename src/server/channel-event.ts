import type { Position } from '../wire/frame.ts'
import type { ServerDialect } from '../wire/server-dialect.ts'
import type { NewEvent } from './broker.ts'

/** An event with its place, which knows its own text. */
export class ChannelEvent implements NewEvent, Position {
  /** The channel whose history it is in. */
  readonly channel: string
  readonly epoch: string
  readonly offset: number
  readonly source: string
  readonly type: string
  readonly json: string | undefined
  readonly id: string | undefined
  readonly timestamp: number
  readonly #texts = new Map<ServerDialect, string | undefined>()

  constructor(channel: string, position: Position, event: NewEvent) {
    this.channel = channel
    this.epoch = position.epoch
    this.offset = position.offset
    this.source = event.source
    this.type = event.type
    this.json = event.json
    this.id = event.id
    this.timestamp = event.timestamp
  }

  /** The text for the members of one dialect; written once, however many they are. */
  text(dialect: ServerDialect): string | undefined {
    if (this.#texts.has(dialect)) return this.#texts.get(dialect)
    const { channel, source, type, json, id, offset, timestamp } = this
    const via = source === channel ? undefined : channel
    const text = dialect.encodeEvent({ channel: source, type, json, id, offset, via, timestamp })
    this.#texts.set(dialect, text)
    return text
  }
}
