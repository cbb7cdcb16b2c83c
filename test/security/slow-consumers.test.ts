import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { RealtimeServerOptions, Socket } from 'wirefold/server'
import { nativeMount, RealtimeServer } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { WebSocket } from 'ws'
import { RawClient } from '../server/raw-client.ts'
import { connect, until } from '../support/live.ts'

/** Upper bound of the bytes buffered for one client. */
const MOST_HELD = 6_000_000
/** More bytes than the socket buffers of any system hold. */
const MUCH = 24 * 1024 * 1024
const PAD = 'x'.repeat(8_000)

/** A server with access to its sockets and its clock. */
async function serve(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const errors: unknown[] = []
  const report = (error: unknown) => errors.push(error)
  const server = new RealtimeServer({ clock, onError: report, ...options })
  onTestFinished(() => server.close())
  const sockets: Socket[] = []
  const native = nativeMount()
  server.mount('/ws', {
    ...native,
    open(socket, request, core) {
      sockets.push(socket)
      return native.open(socket, request, core)
    },
  })
  const { url } = await server.listen()
  const held = () => Math.max(...sockets.map(({ bufferedAmount }) => bufferedAmount))
  return { server, clock, url, errors, held }
}

/** Publishes this many bytes on a channel, one event per turn of the event loop. */
async function flood(server: RealtimeServer, channel: string, bytes: number, turn: () => void) {
  for (let sent = 0; sent < bytes; sent += PAD.length) {
    await server.publish(channel, 'x', PAD)
    await new Promise(setImmediate)
    turn()
  }
}

describe('S13 a client that stops reading', () => {
  it('has at most 6 MB buffered, and does not affect others', async () => {
    const { server, url, held, errors } = await serve()
    const slow = await RawClient.greeted(url)
    const other = await RawClient.greeted(url)
    for (const client of [slow, other]) await client.subscribe('a')
    slow.ws.pause()
    let most = 0
    await flood(server, 'a', MUCH, () => {
      most = Math.max(most, held())
    })
    const published = Math.ceil(MUCH / PAD.length)
    const offsets = (await other.take(published)).map(({ offset }) => offset)
    expect(offsets).toEqual(Array.from({ length: published }, (_, index) => index + 1))
    expect(most).toBeGreaterThan(1024 * 1024)
    expect(most).toBeLessThan(MOST_HELD)
    expect(server.stats()).toMatchObject({ slowConsumers: 1, closedSlowConsumers: 0 })
    expect(server.stats().withheldEvents).toBeGreaterThan(100)
    expect(errors).toEqual([])
  })

  it('receives the positions of its channels once it reads again', async () => {
    const { server, url } = await serve()
    const slow = await RawClient.greeted(url)
    await slow.subscribe('a', 'b')
    slow.ws.pause()
    await flood(server, 'a', MUCH, () => {})
    const { epoch, offset } = await server.publish('b', 'x')
    slow.ws.resume()
    let last = 0
    for (let message = await slow.next(); ; message = await slow.next()) {
      if (message.type === 'pong') {
        const at = { a: [epoch, Math.ceil(MUCH / PAD.length)], b: [epoch, offset] }
        expect(message.payload).toMatchObject({ offsets: at })
        break
      }
      expect(message).toMatchObject({ channel: 'a', offset: ++last })
    }
    expect(last).toBeLessThan(Math.ceil(MUCH / PAD.length))
    expect(server.stats().slowConsumers).toBe(0)
    await server.publish('b', 'y')
    expect(await slow.next()).toMatchObject({ type: 'y', offset: 2 })
  })

  it('is closed with 1013 after it took no data for 30 s', async () => {
    const { server, clock, url } = await serve()
    const slow = await RawClient.greeted(url)
    await slow.subscribe('a')
    slow.ws.pause()
    await flood(server, 'a', MUCH, () => {})
    await clock.advance(29_999)
    expect(server.stats()).toMatchObject({ subscriptions: 1, closedSlowConsumers: 0 })
    await clock.advance(1)
    expect(server.stats()).toMatchObject({ subscriptions: 0, closedSlowConsumers: 1 })
    await until(() => expect(server.stats().connections).toBe(0))
  })

  it('is closed with 1013 while it can still read the close frame', async () => {
    const { server, clock, url } = await serve()
    const slow = await RawClient.greeted(url)
    await slow.subscribe('a')
    slow.ws.pause()
    await flood(server, 'a', MUCH, () => {})
    await clock.advance(30_000)
    slow.ws.resume()
    expect(await slow.closed).toEqual({ code: 1013, reason: 'too slow' })
  })
})

describe('S13 a client that reads again', () => {
  /** A client whose sockets can be paused, and the numbers received on the channel `calm`. */
  function listening(url: string) {
    const sockets: WebSocket[] = []
    class Pausable extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols)
        sockets.push(this)
      }
    }
    const { client, errors } = connect(url, { WebSocket: Pausable })
    const channels = new ChannelSubscriber(client)
    const received: number[] = []
    const gaps: unknown[] = []
    const subscription = channels.subscribe('calm', (n) => received.push(n as number))
    channels.subscribe('busy', () => {})
    return { client, errors, sockets, subscription, received, gaps }
  }

  async function resume(silentMs: number) {
    const { server, clock, url } = await serve()
    const { client, errors, sockets, subscription, received } = listening(url)
    await subscription.ready
    sockets[0]?.pause()
    for (let n = 1; n <= 300; n++) {
      await server.publish('calm', 'n', n)
      await flood(server, 'busy', MUCH / 300, () => {})
    }
    await clock.advance(silentMs)
    const known = received.length
    sockets[0]?.resume()
    await until(() => expect(received).toHaveLength(300))
    await server.publish('calm', 'n', 301)
    await until(() => expect(received).toHaveLength(301))
    expect(known).toBe(0)
    expect(received).toEqual(Array.from({ length: 301 }, (_, index) => index + 1))
    expect(errors).toEqual([])
    return { server, client }
  }

  it('receives all events in the history', async () => {
    const { server, client } = await resume(20_000)
    expect(client.stats().reconnects).toBe(0)
    expect(server.stats()).toMatchObject({ slowConsumers: 0, closedSlowConsumers: 0 })
  })

  it('receives all events in the history, even if it was closed meanwhile', async () => {
    const { server, client } = await resume(30_000)
    expect(client.stats().reconnects).toBe(1)
    expect(server.stats()).toMatchObject({ slowConsumers: 0, closedSlowConsumers: 1 })
  })
})

describe('S13 a client that requests a lot of data and does not read', () => {
  it('is not read from any more: pongs count like other messages', async () => {
    const limits = {
      messagesPerSecond: Number.POSITIVE_INFINITY,
      bytesPerSecond: Number.POSITIVE_INFINITY,
    }
    const { server, clock, url, held } = await serve({ limits })
    const slow = await RawClient.greeted(url)
    slow.ws.pause()
    const pings = JSON.stringify(
      Array.from({ length: 2_000 }, () => ({ type: 'ping', timestamp: 1 })),
    )
    let most = 0
    for (let frames = 0; frames < 200 && !server.stats().slowConsumers; frames++) {
      slow.send(pings)
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
      most = Math.max(most, held())
    }
    expect(server.stats().slowConsumers).toBe(1)
    for (let frames = 0; frames < 100; frames++) {
      slow.send(pings)
      await new Promise(setImmediate)
      most = Math.max(most, held())
    }
    expect(most).toBeLessThan(MOST_HELD)
    await clock.advance(30_000)
    await until(() => expect(server.stats().connections).toBe(0))
  })

  it('is closed if its pending replies exceed 16 MiB', async () => {
    const { server, url } = await serve()
    const megabyte = 'x'.repeat(1024 * 1024)
    server.handle('much', () => megabyte)
    const slow = await RawClient.greeted(url)
    slow.ws.pause()
    slow.send(Array.from({ length: 60 }, (_, n) => ({ type: 'much', requestId: `r${n}` })))
    await until(() => expect(server.stats().closedSlowConsumers).toBe(1))
    await until(() => expect(server.stats().connections).toBe(0))
  })

  it('receives all replies if it reads', async () => {
    const { server, url } = await serve()
    const megabyte = 'x'.repeat(1024 * 1024)
    server.handle('much', () => megabyte)
    const client = await RawClient.greeted(url)
    client.send(Array.from({ length: 12 }, (_, n) => ({ type: 'much', requestId: `r${n}` })))
    const answers = await client.take(12)
    expect(answers.map(({ requestId }) => requestId)).toEqual(
      Array.from({ length: 12 }, (_, n) => `r${n}`),
    )
    expect(server.stats().closedSlowConsumers).toBe(0)
  })
})
