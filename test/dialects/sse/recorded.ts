import { readFileSync } from 'node:fs'
import { asFields, asString, type Fields } from '../../../src/protocol/fields.ts'
import type { HttpEvent } from '../../../src/protocol/http-message.ts'
import { EventStream } from '../../../src/transports/event-stream.ts'

/** One HTTP request of the recorded session, with its response. */
export interface Exchange {
  readonly method: string
  readonly url: string
  readonly headers: Fields
  readonly body: string | undefined
  readonly status: number
  readonly type: string
  readonly chunks: readonly string[]
  /** The end of the response: by the server, by a cut of the link, or by the client. */
  readonly end: 'ended' | 'cut' | 'left'
}

/** The recorded session of the official clients: with `better-sse`, and with `graphql-sse`. */
export const exchanges: readonly Exchange[] = read()

/** The events of the recorded streams, as a transport passes them on; each stream has a name. */
export const recordedEvents: readonly HttpEvent[] = exchanges.flatMap((exchange, at) => {
  if (!exchange.type.startsWith('text/event-stream')) return []
  const events: HttpEvent[] = []
  const event = (one: Omit<HttpEvent, 'stream'>): void => {
    events.push({ stream: `exchange:${at}`, ...one })
  }
  const stream = new EventStream({ id() {}, retry() {}, event }, '')
  for (const chunk of exchange.chunks) stream.push(new TextEncoder().encode(chunk))
  return events
})

function read(): readonly Exchange[] {
  const text = readFileSync(new URL('../../recordings/sse.jsonl', import.meta.url), 'utf8')
  const lines = text
    .trim()
    .split('\n')
    .map((line) => asFields(JSON.parse(line)))
  const requests = lines.filter(({ dir }) => dir === 'c2s')
  return requests.map(({ conn, data }) => {
    const own = lines.filter((line) => line.conn === conn || asFields(line.data).conn === conn)
    const notes = own.filter(({ dir }) => dir === 'ctl').map((line) => asFields(line.data))
    const response = asFields(notes.find(({ note }) => note === 'response'))
    const request = asFields(JSON.parse(String(data)))
    const hasNote = (text: string) => notes.some(({ note }) => String(note).includes(text))
    return {
      method: String(request.method),
      url: String(request.url),
      headers: asFields(request.headers),
      body: asString(request.body),
      status: Number(response.status),
      type: String(asFields(response.headers)['content-type']),
      chunks: own.filter(({ dir }) => dir === 's2c').map((line) => String(line.data)),
      end: hasNote('response ended') ? 'ended' : hasNote('cut') ? 'cut' : 'left',
    }
  })
}
