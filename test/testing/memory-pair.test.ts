import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import type { ScriptedServerOptions, Weather } from 'wirefold/testing'
import { ManualClock, ManualEnvironment, MemoryPair, ScriptedServer } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'

/** An open connection without a client. */
async function opened(weather: Partial<Weather> = {}, seed = 1) {
  const clock = new ManualClock()
  const pair = new MemoryPair({ clock, seed, weather })
  const got: unknown[] = []
  const near = pair.open('ws://test/', [], {
    opened: () => got.push('opened'),
    message: (data) => got.push(data),
    closed: ({ code }) => got.push(code),
  })
  await clock.advance(1_000)
  const arrived: string[] = []
  pair.last.onMessage = (data) => arrived.push(data)
  pair.last.onClose = ({ code }) => arrived.push(String(code))
  return { clock, pair, near, far: pair.last, got, arrived }
}

const numbers = Array.from({ length: 200 }, (_, n) => String(n))

describe('a pair in memory', () => {
  it('delays each message by its weather, and keeps their order', async () => {
    const { clock, near, arrived } = await opened({ leastMs: 10, mostMs: 400 })
    for (const n of numbers) near.send(n)
    await clock.advance(9)
    expect(arrived).toEqual([])
    await clock.advance(391)
    expect(arrived).toEqual(numbers)
  })

  it('delivers nothing sooner than what was sent before it', async () => {
    const { clock, pair, near, arrived } = await opened({ leastMs: 1_000, mostMs: 1_000 })
    near.send('slow')
    Object.assign(pair.weather, { leastMs: 0, mostMs: 0 })
    near.send('fast')
    await clock.advance(999)
    expect(arrived).toEqual([])
    await clock.advance(1)
    expect(arrived).toEqual(['slow', 'fast'])
  })

  it('sends as fast as its bandwidth, and reports what waits for it', async () => {
    const { clock, near, arrived } = await opened({ bytesPerSecond: 1_000 })
    near.send('x'.repeat(500))
    near.send('y'.repeat(500))
    expect(near.bufferedAmount).toBe(1_000)
    await clock.advance(500)
    expect(arrived).toHaveLength(1)
    expect(near.bufferedAmount).toBe(500)
    await clock.advance(500)
    expect(arrived).toHaveLength(2)
    expect(near.bufferedAmount).toBe(0)
  })

  it('counts the bytes of binary data, and those of text in UTF-8', async () => {
    const { clock, near, far, arrived, got } = await opened({ bytesPerSecond: 1_000 })
    near.send(new Uint8Array(500).buffer)
    near.send('é'.repeat(250))
    far.send(new Uint8Array(1_000).subarray(0, 300))
    expect([near.bufferedAmount, far.bufferedAmount]).toEqual([1_000, 300])
    await clock.advance(299)
    expect(got).toEqual(['opened'])
    await clock.advance(1)
    expect(got).toHaveLength(2)
    await clock.advance(199)
    expect(far.receivedBytes).toHaveLength(0)
    await clock.advance(1)
    expect(far.receivedBytes).toHaveLength(1)
    await clock.advance(499)
    expect(arrived).toEqual([])
    await clock.advance(1)
    expect(arrived).toHaveLength(1)
  })

  it('flips bits of binary data in both directions, and leaves that of the sender as it is', async () => {
    const { clock, near, far, got } = await opened({ flipEvery: 2 })
    const sent = new Uint8Array(1_000)
    near.send(sent.buffer)
    far.send(sent.buffer)
    far.send(sent)
    await clock.advance(0)
    const [, buffer, view] = got
    expect(buffer).toBeInstanceOf(ArrayBuffer)
    for (const bytes of [far.receivedBytes[0], new Uint8Array(buffer as ArrayBuffer), view]) {
      expect(bytes).toBeInstanceOf(Uint8Array)
      const flipped = Array.from(bytes as Uint8Array).filter((byte) => byte !== 0).length
      expect(flipped).toBeGreaterThan(400)
      expect(flipped).toBeLessThan(600)
    }
    expect(sent.every((byte) => byte === 0)).toBe(true)
  })

  it('loses and duplicates a share of the messages, the same ones for the same seed', async () => {
    const play = async (seed: number) => {
      const { clock, near, arrived } = await opened({ loss: 0.1, duplication: 0.1 }, seed)
      for (const n of numbers) near.send(n)
      await clock.advance(0)
      return arrived
    }
    const [first, again, other] = [await play(7), await play(7), await play(8)]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    const distinct = new Set(first)
    expect(distinct.size).toBeGreaterThan(150)
    expect(distinct.size).toBeLessThan(200)
    expect(first.length).toBeGreaterThan(distinct.size)
    expect([...distinct]).toEqual(numbers.filter((n) => distinct.has(n)))
  })

  it('loses data in transit when it is cut', async () => {
    const { clock, pair, near, far, got, arrived } = await opened({ leastMs: 10, mostMs: 10 })
    near.send('late')
    far.send('late')
    pair.cut()
    expect(got).toEqual(['opened', 1006])
    await clock.advance(1_000)
    expect([got, arrived]).toEqual([['opened', 1006], ['1006']])
  })

  it('delivers the data of a cut connection after that of the next one, where it is late', async () => {
    const { clock, pair, near, arrived } = await opened()
    near.send('1')
    pair.cut({ lateMs: 500 })
    const handlers = { opened() {}, message() {}, closed() {} }
    const next = pair.open('ws://test/', [], handlers)
    pair.last.onMessage = (data) => arrived.push(data)
    await clock.advance(0)
    next.send('2')
    await clock.advance(499)
    expect(arrived).toEqual(['2'])
    await clock.advance(1)
    expect(arrived).toEqual(['2', '1', '1006'])
  })

  it('holds back one direction, and delivers all of it in order afterwards', async () => {
    const { clock, pair, near, far, got, arrived } = await opened()
    const release = pair.hold('to-server')
    near.send('1')
    await clock.advance(100)
    near.send('2')
    far.send('up')
    await clock.advance(100)
    expect([arrived, got]).toEqual([[], ['opened', 'up']])
    near.send('3')
    release()
    near.send('4')
    await clock.advance(0)
    expect(arrived).toEqual(['1', '2', '3', '4'])
  })

  it('is half-open for the connections of now only', async () => {
    const { clock, server, client } = scripted()
    await Promise.all([client.connect(), clock.advance(0)])
    const answer = outcomeOf(client.request('get'))
    server.transport.halfOpen()
    await clock.advance(100_000)
    expect(server.transport.ends).toHaveLength(2)
    expect(client.state.get().name).toBe('open')
    client.close()
    await clock.advance(0)
    expect(answer.error).toBeDefined()
  })

  it('delivers what a server sends before the connection is open as it opens', async () => {
    const clock = new ManualClock()
    const pair = new MemoryPair({ clock, autoAccept: false, onConnect: (end) => end.send('hi') })
    const got: unknown[] = []
    const note = (text: string) => () => got.push(text)
    pair.open('ws://test/', [], {
      opened: note('opened'),
      message: (data) => got.push(data),
      closed: note('closed'),
    })
    await clock.advance(100)
    expect(got).toEqual([])
    pair.last.accept()
    await clock.advance(0)
    expect(got).toEqual(['opened', 'hi'])
  })
})

describe('a client over a pair in memory', () => {
  const following = async (script: ScriptedServerOptions = {}) => {
    const clock = new ManualClock()
    const page = new ManualEnvironment()
    const server = new ScriptedServer({ clock, ...script })
    const client = new RealtimeClient('ws://test/', {
      ...{ transport: server.transport, clock, environment: page },
    })
    const got: unknown[] = []
    new ChannelSubscriber(client).subscribe('news', (payload) => got.push(payload))
    await clock.advance(1_000)
    return { clock, page, server, client, got }
  }

  it('receives what was published while the browser had cached its page', async () => {
    const { clock, page, server, client, got } = await following()
    page.cache(clock, 600_000)
    server.publish('news', 'said', 1)
    await clock.advance(10_000)
    expect(got).toEqual([1])
    expect(server.transport.ends.length).toBeGreaterThan(1)
    client.close()
  })

  it('receives what was published while the machine slept, over a connection that died meanwhile', async () => {
    const { clock, server, client, got } = await following()
    server.transport.halfOpen()
    clock.sleep(3_600_000)
    server.publish('news', 'said', 1)
    await clock.advance(60_000)
    expect(got).toEqual([1])
    client.close()
  })
})
