import type { ServerSentEvent } from '../protocol/http-message.ts'
import { LONGEST_TEXT } from '../protocol/json-codec.ts'

/** Longest part of a line and of an event's data that is kept: with less the codec would accept a part. */
const MOST_TEXT = LONGEST_TEXT + 8
/** Longest id that is kept, in characters: it is sent back in a header. */
const LONGEST_ID = 1_024

/**
 * A reader of one event stream, by the HTML standard, "Interpreting an event stream": chunks may end
 * anywhere, also within a character or a line end.
 *
 * Memory is bounded: an event longer than the client reads is cut after more than that, so that the
 * codec refuses it; an id over 1,024 characters is skipped.
 */
export class EventStream {
  readonly #sink: EventStreamSink
  readonly #isNameEnough: boolean
  readonly #decoder = new TextDecoder()
  /** The beginning of a line whose end has not arrived. */
  #line = ''
  /** Whether the last character was CR: an LF after it belongs to the same line end. */
  #returned = false
  #type = ''
  /** The lines of the event's data, each with LF behind it. */
  #data = ''
  #id: string

  /**
   * @param lastEventId the id of the stream before, which holds until the first id of this one
   * @param isNameEnough whether an event with a name and without data counts, which the standard skips
   */
  constructor(sink: EventStreamSink, lastEventId: string, isNameEnough = false) {
    this.#sink = sink
    this.#id = lastEventId
    this.#isNameEnough = isNameEnough
  }

  /** Reads the next chunk; calls the sink for all that is complete. */
  push(chunk: Uint8Array): void {
    const text = this.#decoder.decode(chunk, { stream: true })
    if (text === '') return
    let start = this.#returned && text.startsWith('\n') ? 1 : 0
    const lineEnds = /\r\n?|\n/g
    lineEnds.lastIndex = start
    for (let end = lineEnds.exec(text); end; end = lineEnds.exec(text)) {
      const line = this.#line + text.slice(start, end.index)
      this.#line = ''
      start = lineEnds.lastIndex
      this.#read(line)
    }
    this.#returned = text.endsWith('\r')
    if (this.#line.length < MOST_TEXT) this.#line += text.slice(start)
  }

  #read(line: string): void {
    if (line === '') {
      this.#dispatch()
      return
    }
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    switch (name) {
      case 'event':
        this.#type = value
        break
      case 'data':
        if (this.#data.length < MOST_TEXT) this.#data += `${value}\n`
        break
      case 'id':
        if (value.length <= LONGEST_ID && !value.includes('\0')) this.#id = value
        break
      case 'retry':
        if (/^\d+$/.test(value)) this.#sink.retry(Number(value))
    }
  }

  #dispatch(): void {
    const type = this.#type || 'message'
    const data = this.#data.slice(0, -1)
    const isEvent = this.#data !== '' || (this.#isNameEnough && this.#type !== '')
    this.#type = ''
    this.#data = ''
    this.#sink.id(this.#id)
    if (isEvent) this.#sink.event({ type, data, lastEventId: this.#id })
  }
}

/** The receiver of a stream. */
interface EventStreamSink {
  /** Receives the id of the last event, before the event; empty if there is none. */
  id(lastEventId: string): void
  event(event: ServerSentEvent): void
  /** Receives the time after which the server wants the client to connect again, in milliseconds. */
  retry(ms: number): void
}
