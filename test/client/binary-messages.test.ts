import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { dialectSuite, ManualClock, MemoryPair } from 'wirefold/testing'
import { WebSocketServer } from 'ws'
import { connect, until } from '../support/live.ts'
import { CALL, EVENT, JOIN, packet, packets, REFUSAL, REPLY, read } from '../support/packets.ts'
import { outcomeOf } from '../support/scripted.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const ALL = Uint8Array.from({ length: 256 }, (_, value) => value)
const MEBIBYTE = 2 ** 20

/** Answers a packet of a client: with its body, or with a refusal of `refused`. */
function answer(data: Uint8Array): Uint8Array {
  const found = read(data)
  if (!found) throw new Error('The client sent a packet that is cut.')
  const { kind, number, name, body } = found
  const refuses = kind === CALL && name === 'refused'
  return refuses ? packet(REFUSAL, number, 'not-today', bytes()) : packet(REPLY, number, '', body)
}

/** A client of packets over a connection in memory. */
async function inMemory(dialect = packets) {
  const clock = new ManualClock()
  const pair = new MemoryPair({
    clock,
    onConnect(end) {
      end.onMessage = () => end.send('{"welcome":true}')
      end.onBytes = (data) => end.send(answer(data).buffer)
    },
  })
  const client = new RealtimeClient('ws://test/', { transport: pair, clock, dialect })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  void client.connect()
  await clock.advance(1)
  return { clock, pair, client, errors, channels: new ChannelSubscriber(client) }
}

describe('binary messages', () => {
  it.each(dialectSuite)('are accepted by the dialect suite: a dialect $name', ({ run }) =>
    run(() => ({
      dialect: packets,
      messages: [
        packet(EVENT, 0, 'room:1', ALL),
        packet(REPLY, 1, '', bytes(1)),
        packet(REFUSAL, 1, 'full', bytes()),
        { welcome: true },
      ],
      answer: (wire) => (wire instanceof Uint8Array ? answer(wire) : undefined),
    })),
  )

  it('travel both ways beside texts, and keep each byte', async () => {
    const { clock, pair, client, errors, channels } = await inMemory()
    const received: unknown[] = []
    const room = channels.subscribe('room:1', (payload) => received.push(payload))
    const outcomes = [
      outcomeOf(client.request('echo', ALL)),
      outcomeOf(client.request('echo', ALL.subarray(100, 103))),
      outcomeOf(client.request('refused')),
    ]
    await clock.advance(1)
    await room.ready
    pair.last.send(packet(EVENT, 0, 'room:1', ALL).buffer)
    // As from a transport that delivers views.
    pair.last.send(packet(EVENT, 0, 'room:1', bytes(7)))
    await clock.advance(1)
    expect(received).toEqual([ALL, bytes(7)])
    expect(outcomes).toMatchObject([
      { value: ALL },
      { value: bytes(100, 101, 102) },
      { error: { code: 'not-today' } },
    ])
    expect(pair.last.received).toEqual(['{"hello":true}'])
    expect(pair.last.receivedBytes.map((data) => read(data)?.kind).sort()).toEqual([
      JOIN,
      CALL,
      CALL,
      CALL,
    ])
    expect(errors).toEqual([])
  })

  it('are limited by their bytes when they are sent', async () => {
    const { clock, client } = await inMemory()
    const outcomes = [
      outcomeOf(client.request('echo', new Uint8Array(64 * 1024 - 10))),
      outcomeOf(client.request('echo', new Uint8Array(64 * 1024 - 9))),
    ]
    await clock.advance(1)
    expect(outcomes).toMatchObject([
      { value: { length: 64 * 1024 - 10 } },
      { error: { code: 'too-large', detail: { bytes: 64 * 1024 + 1, limit: 64 * 1024 } } },
    ])
  })

  it('are refused where they are longer than 4 MiB, unreadable, or malformed', async () => {
    const { clock, pair, client, errors } = await inMemory()
    pair.last.send(new ArrayBuffer(4 * MEBIBYTE + 1))
    pair.last.send(new Blob())
    pair.last.send('{')
    pair.last.send(new Uint8Array(4 * MEBIBYTE).fill(255).buffer)
    await clock.advance(1)
    expect(errors).toMatchObject([
      { code: 'bad-frame', detail: { reason: 'longer than 4194304 bytes' } },
      { code: 'bad-frame', detail: { reason: 'binary where text is due' } },
      { code: 'bad-frame', detail: { reason: 'not JSON' } },
      {
        code: 'bad-frame',
        detail: { reason: 'of an unknown kind', sample: `[${'255,'.repeat(19)}255` },
      },
    ])
    expect(client.state.get().name).toBe('open')
  })

  it('are errors to a dialect without the codec', async () => {
    const textOnly = () => {
      const { codec, ...dialect } = packets()
      return { ...dialect, codec: undefined }
    }
    const { clock, pair, errors } = await inMemory(textOnly as never)
    pair.last.send(packet(EVENT, 0, 'room:1', ALL).buffer)
    await clock.advance(1)
    expect(errors).toMatchObject([{ detail: { reason: 'binary where text is due' } }])
  })

  it('travel over real WebSockets, up to their limits', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => {
      for (const socket of server.clients) socket.terminate()
      server.close()
    })
    server.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => {
        if (!isBinary) socket.send('{"welcome":true}')
        else if (Buffer.isBuffer(data)) socket.send(answer(data))
      })
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { client, errors } = connect(`ws://127.0.0.1:${port}`, { dialect: packets })
    const received: unknown[] = []
    const channels = new ChannelSubscriber(client)
    await channels.subscribe('room:1', (payload) => received.push(payload)).ready
    expect(await client.request('echo', ALL)).toEqual(ALL)
    const large = new Uint8Array(MEBIBYTE).fill(200)
    for (const socket of server.clients) socket.send(packet(EVENT, 0, 'room:1', large))
    await until(() => expect(received).toHaveLength(1))
    const [first] = received
    expect(first instanceof Uint8Array && Buffer.compare(first, large)).toBe(0)
    expect(errors).toEqual([])
  })
})
