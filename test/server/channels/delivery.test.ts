import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import type { MountSession, Socket } from 'wirefold/server'
import { duuiMount, nativeMount } from 'wirefold/server'
import { connect, until } from '../../support/live.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

/** Returns the types of the messages in a frame. */
const typesOf = (frame: string): string[] =>
  [JSON.parse(frame)].flat().map(({ type }: { type: string }) => type)

/** Creates an envelope of process `p`. */
const envelope = (n: number, pad = ''): DUUIEnvelope => {
  const context = {
    kind: 'DriverContext',
    event_id: `${n}`,
    status: 'Idle',
    thread: 'main',
  } as const
  const event = { _id: `${n}`, process_id: 'p', sender: null, message: pad, level: 'INFO' }
  return { timestamp: n, event: { ...event, context: { ...context, driver: 'none' } } }
}

async function streaming() {
  const served = await serve()
  const duui = duuiMount({ snapshot: true })
  served.server.mount('/duui/:id', duui)
  const watch = () => RawClient.open(served.url.replace('/ws', '/duui/p'))
  return { ...served, duui, watch }
}

describe('events sent to a connection within one tick', () => {
  it('arrive as one frame, in order', async () => {
    const { server, url } = await serve()
    server.handle('work', async (_, { publish }) => {
      for (const type of ['x', 'y', 'z']) await publish('a', type)
    })
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    client.frames.length = 0
    client.send({ type: 'work', requestId: 'r' })
    await client.take(4)
    expect(client.frames.map(typesOf)).toEqual([['x', 'y', 'z', 'reply']])
    await server.publish('a', 'later')
    await client.next('later')
    expect(client.frames.map(typesOf).at(-1)).toEqual(['later'])
  })

  it('come after the replies sent before them', async () => {
    const { server, url } = await serve()
    const client = await RawClient.open(url)
    const subscribe = { type: 'subscribe', requestId: 's', payload: { channels: ['a'] } }
    client.send([{ type: 'hello', payload: {} }, subscribe, { type: 'ping', timestamp: 1 }])
    await client.next('welcome')
    await client.take(2)
    expect(client.frames.flatMap(typesOf).sort()).toEqual(['pong', 'subscribed', 'welcome'])
    await server.publish('a', 'x')
    await client.next('x')
  })

  it('arrive one per frame in a dialect without arrays', async () => {
    const { server, duui, watch } = await streaming()
    const watcher = await watch()
    await expect.poll(() => server.stats().subscriptions).toBe(1)
    await Promise.all([1, 2, 3].map((n) => duui.publish(envelope(n))))
    await watcher.take(3)
    expect(watcher.frames.map((frame) => JSON.parse(frame).timestamp)).toEqual([1, 2, 3])
  })

  it('are received by a client like single frames', async () => {
    const { server, url } = await serve()
    const { client, errors } = connect(url)
    const received: unknown[] = []
    const subscription = new ChannelSubscriber(client).subscribe('a', (n) => received.push(n))
    await subscription.ready
    // More than fits in one frame, in texts of different lengths.
    const sent = Array.from({ length: 300 }, (_, n) => `${n}${'x'.repeat((n * 37) % 900)}`)
    for (const payload of sent) void server.publish('a', 'n', payload)
    await until(() => expect(received).toHaveLength(300))
    expect(received).toEqual(sent)
    expect(errors).toEqual([])
  })

  it('are received by a client even if one of them has millions of bytes', async () => {
    const { server, url } = await serve()
    const { client, errors } = connect(url)
    const received: string[] = []
    const subscription = new ChannelSubscriber(client).subscribe('a', (n) =>
      received.push(String(n)),
    )
    await subscription.ready
    const large = 'ä'.repeat(1_500_000)
    for (const payload of ['before', large, 'after']) void server.publish('a', 'n', payload)
    await until(() => expect(received).toHaveLength(3))
    expect(received[1] === large).toBe(true)
    expect([received[0], received[2]]).toEqual(['before', 'after'])
    expect(errors).toEqual([])
  })

  it('carry the previous offset after events that the member may not have', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => (token ? { id: token } : null),
      canReceive: (user, _, { payload }) => payload === undefined || payload === user?.id,
    })
    const clients = [
      await RawClient.greeted(url, { token: 'ada' }),
      await RawClient.greeted(url, { token: 'bob' }),
    ]
    for (const client of clients) await client.subscribe('a')
    for (const to of [undefined, 'ada', 'bob', undefined]) void server.publish('a', 'x', to)
    const [ada, bob] = await Promise.all(clients.map((client) => client.take(3)))
    const offsetsOf = (messages = ada) => messages?.map(({ offset, prev }) => [offset, prev])
    expect(offsetsOf(ada)).toEqual([
      [1, undefined],
      [2, undefined],
      [4, 2],
    ])
    expect(offsetsOf(bob)).toEqual([
      [1, undefined],
      [3, 1],
      [4, undefined],
    ])
  })
})

describe('a session whose socket withholds events', () => {
  /** Creates a native session on a socket that can withhold events. */
  async function withholding() {
    const { server } = await serve()
    const received: { type: string; payload: { offsets?: unknown } }[] = []
    let keeps = true
    let gate = deferred<void>()
    const socket: Socket = {
      bufferedAmount: 0,
      send: (text) => received.push(JSON.parse(text)),
      sendDroppable(text) {
        if (keeps) this.send(text)
        return keeps
      },
      drained: () => (keeps ? undefined : gate.promise),
      close() {},
    }
    const sessions: MountSession[] = []
    const request = { headers: {}, url: '/', query: new URLSearchParams(), params: new Map() }
    server.mount('/fake', {
      ...nativeMount(),
      mounted: (core) => sessions.push(nativeMount().open(socket, request, core)),
    })
    const send = async (...messages: object[]) => {
      sessions[0]?.text(JSON.stringify(messages), 1)
      await new Promise(setImmediate)
      return received.splice(0)
    }
    const subscribe = { type: 'subscribe', requestId: 's', payload: { channels: ['a'] } }
    await send({ type: 'hello', payload: {} }, subscribe)
    return {
      server,
      send,
      received,
      end: () => sessions[0]?.closed(),
      stall() {
        keeps = false
        gate = deferred<void>()
      },
      async drain() {
        keeps = true
        gate.resolve()
        await new Promise(setImmediate)
        return received.splice(0)
      },
    }
  }
  const ping = { type: 'ping', timestamp: 1 }

  it('sends the newest positions once the client has caught up, and not before', async () => {
    const { server, send, stall, drain } = await withholding()
    const { epoch } = await server.publish('a', 'x')
    stall()
    for (let n = 0; n < 3; n++) await server.publish('a', 'x')
    const [event, pong, ...more] = await send(ping)
    expect([event, more]).toEqual([expect.objectContaining({ offset: 1 }), []])
    expect(pong?.payload).not.toHaveProperty('offsets')
    const sent = await drain()
    expect(sent).toMatchObject([{ type: 'pong', payload: { offsets: { a: [epoch, 4] } } }])
    expect(sent[0]?.payload).not.toHaveProperty('timestamp')
    expect((await send(ping))[0]?.payload).not.toHaveProperty('offsets')
  })

  it('sends them again the next time', async () => {
    const { server, stall, drain } = await withholding()
    for (const last of [1, 2]) {
      stall()
      await server.publish('a', 'x')
      expect(await drain()).toMatchObject([
        { type: 'pong', payload: { offsets: { a: [expect.any(String), last] } } },
      ])
    }
  })

  it('sends nothing if the session ends before', async () => {
    const { server, stall, drain, end } = await withholding()
    stall()
    await server.publish('a', 'x')
    end()
    expect(await drain()).toEqual([])
  })
})

describe('a DUUI stream, which cannot report gaps', () => {
  const PAD = 'x'.repeat(100_000)

  it('is closed if its reader is too slow, and has to start again', async () => {
    const { server, duui, watch } = await streaming()
    const watcher = await watch()
    await expect.poll(() => server.stats().subscriptions).toBe(1)
    watcher.ws.pause()
    for (let n = 0; server.stats().subscriptions; n++) await duui.publish(envelope(n, PAD))
    watcher.ws.resume()
    expect(await watcher.closed).toEqual({ code: 1013, reason: 'too slow' })
  })

  it('replays a history of any length, without delaying publishers', async () => {
    const { server, duui, watch } = await streaming()
    for (let n = 0; n < 250; n++) await duui.publish(envelope(n, PAD))
    const watcher = await watch()
    watcher.ws.pause()
    await expect.poll(() => server.stats().slowConsumers).toBe(1)
    await duui.publish(envelope(250))
    watcher.ws.resume()
    const events = await watcher.take(251)
    expect(events.map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 251 }, (_, n) => n),
    )
  })

  it('is closed if its subscription is revoked', async () => {
    const { server, watch } = await streaming()
    const watcher = await watch()
    await expect.poll(() => server.stats().subscriptions).toBe(1)
    const [receiver] = server.channels.members('process:p')
    if (receiver) server.channels.revoke(receiver, 'process:p', 'expired')
    expect(await watcher.closed).toEqual({ code: 4403, reason: 'expired' })
  })
})
