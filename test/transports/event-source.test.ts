import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { eventSourceTransport } from 'wirefold/transports'
import { calls } from '../support/calls.ts'
import { httpBackend, stream } from '../support/http-backend.ts'
import { connect, until } from '../support/live.ts'
import { FetchedSource } from './fetched-source.ts'
import { holdToTheSuite, over } from './hold-to-the-suite.ts'
import { overEventStream } from './http-peers.ts'

const lost = { code: 1006, reason: '' }
const transport = eventSourceTransport({
  EventSource: FetchedSource,
  idParameter: 'connection',
  read: ({ data }) => JSON.parse(data),
})

holdToTheSuite('an event source', over(overEventStream(transport, lost, lost)), {
  'HTTP has no subprotocols': ['offers its protocols'],
  'an event is text': ['delivers binary messages as an ArrayBuffer, byte for byte'],
  'HTTP has no close codes': ['sends the far end the code and reason of its own close()'],
})

describe('a client over an event source', () => {
  it('receives the events it names, and no others, and is not ended by one named error', async () => {
    const events = ['said', 'error', 'noise', 'message']
    const server = await httpBackend((_, response) => {
      stream(response)
      for (const type of events) response.write(`event: ${type}\ndata: 1\n\n`)
    })
    const { client, errors } = connect(server.url, {
      dialect: calls,
      transport: eventSourceTransport({
        EventSource: FetchedSource,
        events: ['said', 'error'],
        read: ({ type, data }) => JSON.stringify({ room: 'lobby', event: type, body: data }),
      }),
    })
    const received: unknown[] = []
    new ChannelSubscriber(client).subscribe('lobby', (_, { type }) => received.push(type))
    await until(() => expect(received).toEqual(['said', 'error', 'message']))
    expect(client.state.get().name).toBe('open')
    expect(errors).toEqual([])
  })

  it('closes a source that lost its connection, and opens the next one itself', async () => {
    const sources: FetchedSource[] = []
    class Recorded extends FetchedSource {
      constructor(url: string) {
        super(url)
        sources.push(this)
      }
    }
    const server = await httpBackend((_, response) => stream(response))
    const { client } = connect(server.url, {
      dialect: calls,
      transport: eventSourceTransport({ EventSource: Recorded }),
    })
    await client.connect()
    await server.kill()
    await until(() => expect(client.state.get().name).toBe('waiting'))
    expect(sources[0]?.readyState).toBe(2)
    await server.restart()
    await until(() => expect(client.state.get().name).toBe('open'))
    client.close()
    expect(sources.map(({ readyState }) => readyState)).toEqual(sources.map(() => 2))
  })

  it('gives up a source without events only where a time limit is set', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const ends: string[] = []
    class Silent {
      readonly readyState = 1
      addEventListener() {}
      close() {}
    }
    const open = (silenceMs?: number) =>
      eventSourceTransport({ EventSource: Silent, silenceMs }).open('https://app.example.com', [], {
        opened() {},
        message() {},
        closed: ({ reason }) => ends.push(reason),
      })
    const endless = open()
    open(3_600_000)
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(ends).toEqual(['nothing arrived in 3600000 ms'])
    endless.close()
  })

  it('needs an EventSource', () => {
    vi.stubGlobal('EventSource', undefined)
    onTestFinished(() => void vi.unstubAllGlobals())
    const quiet = { opened() {}, message() {}, closed() {} }
    expect(() => eventSourceTransport().open('https://app.example.com', [], quiet)).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'EventSource' } }),
    )
  })
})
