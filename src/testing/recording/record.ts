import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { withDefaults } from '../../base/known-names.ts'
import type { Transport, TransportFactory, TransportHandlers } from '../../ports/transport.ts'
import type { Credentials } from '../../protocol/dialect.ts'
import type { RecordedData, RecordedLine, RecordedStep } from './recorded-line.ts'
import { dataOf, redacted } from './recorded-line.ts'

/**
 * Returns a transport that records what passes through another one, in both directions and with its
 * times, as JSON lines for {@link replay}. A recording contains what was sent, credentials too: `redact`
 * removes them.
 *
 * @example
 * import { writeFile } from 'node:fs/promises'
 * import { RealtimeClient, webSocketTransport } from 'wirefold'
 * import { record } from 'wirefold/testing'
 *
 * const recording = record(webSocketTransport(WebSocket))
 * const client = new RealtimeClient(url, { transport: recording })
 * await client.request('order:cancel', { id: '17' })
 * await writeFile('session.jsonl', recording.jsonl())
 */
export function record(transport: TransportFactory, options: RecordOptions = {}): Recording {
  return new Recording(transport, options)
}

/** A transport that records the messages of another one, made by {@link record}. */
export class Recording implements TransportFactory {
  /** Name of the recorded transport. */
  readonly name: string
  readonly #transport: TransportFactory
  readonly #clock: Clock
  readonly #redact: (text: string) => string
  readonly #lines: RecordedLine[] = []
  #start: number | undefined
  #connections = 0

  /** Creates a recording of the given transport, as {@link record} does. */
  constructor(transport: TransportFactory, options: RecordOptions = {}) {
    const { clock, redact } = withDefaults('record', options, {
      ...{ clock: systemClock, redact: (text: string) => text },
    })
    this.name = transport.name
    this.#transport = transport
    this.#clock = clock
    this.#redact = redact
  }

  /** Returns the session so far, one JSON object per line. */
  jsonl(): string {
    return this.#lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  }

  open(
    url: string,
    protocols: readonly string[],
    handlers: TransportHandlers,
    credentials?: Credentials,
  ): Transport {
    const n = ++this.#connections
    const note = (step: RecordedStep): void => {
      const now = this.#clock.now()
      this.#start ??= now
      this.#lines.push({ n, at: Math.round(now - this.#start), ...step })
    }
    note({ open: this.#redact(url), protocols: protocols.map((name) => this.#redact(name)) })
    const opened = this.#transport.open(
      url,
      protocols,
      {
        opened() {
          note({ opened: true })
          handlers.opened()
        },
        message: (data) => {
          note({ in: this.#data(data) })
          handlers.message(data)
        },
        closed: (info) => {
          note({ closed: { code: info.code, reason: this.#redact(info.reason) } })
          handlers.closed(info)
        },
      },
      credentials,
    )
    return {
      get bufferedAmount() {
        return opened.bufferedAmount
      },
      send: (data) => {
        note({ out: this.#data(data) })
        opened.send(data)
      },
      close(code = 1000, reason) {
        note({ close: code })
        opened.close(code, reason)
      },
    }
  }

  #data(data: unknown): RecordedData {
    return redacted(dataOf(data), this.#redact)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'Recording'
  }
}

/** Options of {@link record}. */
export interface RecordOptions {
  /**
   * The clock of the recorded times.
   * @default the platform's
   */
  readonly clock?: Clock
  /**
   * Changes every text before it is recorded: addresses, subprotocols, messages, and reasons of closing.
   * For a message in bytes it gets their text, in UTF-8 or with one character per byte; in a binary
   * format, such as MessagePack, only a replacement of the same length can be read again.
   * @default nothing is changed
   */
  readonly redact?: (text: string) => string
}
