import type { EventEmitter } from 'node:events'
import type { Socket } from 'socket.io-client'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ChannelSubscriber, type EventFrame } from 'wirefold'
import { refuse } from 'wirefold/server'
import { bridgeSocketio } from 'wirefold/server/socketio'
import { bridged } from '../../support/bridged.ts'
import { connect, until } from '../../support/live.ts'
import { pretended } from '../../support/pretended-bridge.ts'
import { deferred, RawClient } from '../raw-client.ts'

/** Resolves with the arguments of the next event. */
const next = (socket: Socket, name: string): Promise<readonly unknown[]> =>
  new Promise((resolve) => socket.once(name, (...args: unknown[]) => resolve(args)))

/** Records the arguments of every event of a name. */
function recorded(socket: Socket, name: string): unknown[][] {
  const events: unknown[][] = []
  socket.on(name, (...args: unknown[]) => events.push(args))
  return events
}

const ways: [string, readonly ('polling' | 'websocket')[]][] = [
  ['websocket', ['websocket']],
  ['polling', ['polling']],
  ['polling first, then websocket', ['polling', 'websocket']],
]

describe.each(ways)('a stock client of Socket.IO over %s', (_, kinds) => {
  const transports = [...kinds]

  it('receives each event of its channels once, as a native client does', async () => {
    const { server, stock, url } = await bridged()
    const socket = stock({ transports })
    const said = recorded(socket, 'said')
    expect(await socket.emitWithAck('subscribe', 'room:1')).toEqual({ ok: true })
    const channels = new ChannelSubscriber(connect(url).client)
    const native: EventFrame[] = []
    await channels.subscribe('room:1', (_payload, event) => native.push(event)).ready
    await server.publish('room:1', 'said', { text: 'one' }, { id: 'e1' })
    await server.publish('room:2', 'said', { text: 'elsewhere' })
    await server.publish('room:1', 'said', { text: 'two' })
    await until(() => expect(said).toHaveLength(2))
    await until(() => expect(native).toHaveLength(2))
    const timestamp = expect.any(Number)
    expect(said).toEqual([
      [{ text: 'one' }, { channel: 'room:1', timestamp, id: 'e1' }],
      [{ text: 'two' }, { channel: 'room:1', timestamp }],
    ])
    expect(await socket.emitWithAck('unsubscribe', 'room:1')).toEqual({ ok: true })
    await server.publish('room:1', 'said', { text: 'three' })
    expect(await socket.emitWithAck('subscribe', 'room:3')).toEqual({ ok: true })
    expect(said).toHaveLength(2)
  })

  it('sends requests and publishes, and is refused by acknowledgements', async () => {
    const { server, stock } = await bridged({
      authenticate: ({ token }) => ({ id: String(token) }),
      authorize: (user, channel, action) =>
        channel === 'room:1' && (action === 'subscribe' || user?.id === 'ada'),
    })
    server.handle('double', (n: number) => 2 * n)
    server.handle('buy', () => {
      throw refuse('sold-out', 'The last one is gone.')
    })
    const ada = stock({ transports, auth: { token: 'ada' } })
    const bob = stock({ transports, auth: { token: 'bob' } })
    expect(await Promise.all([ada.emitWithAck('double', 2), bob.emitWithAck('double', 4)])).toEqual(
      [4, 8],
    )
    expect(await ada.emitWithAck('buy')).toEqual({
      error: 'The last one is gone.',
      code: 'sold-out',
    })
    expect(await ada.emitWithAck('no such')).toMatchObject({ code: 'unknown-type' })
    expect(await bob.emitWithAck('subscribe', 'room:2')).toMatchObject({ code: 'forbidden' })
    expect(await bob.emitWithAck('subscribe', 'room:1')).toEqual({ ok: true })
    const said = next(bob, 'said')
    expect(await bob.emitWithAck('publish', 'room:1', 'said', {})).toMatchObject({
      code: 'forbidden',
    })
    expect(await ada.emitWithAck('publish', 'room:1', 'said', { text: 'hi' })).toEqual({ ok: true })
    expect(await said).toEqual([{ text: 'hi' }, expect.objectContaining({ channel: 'room:1' })])
  })

  it('is refused by a `connect_error` without the right token', async () => {
    const { server, stock } = await bridged({
      authenticate: ({ token }) => (token === 'secret' ? { id: 'ada' } : undefined),
    })
    const socket = stock({ transports, auth: { token: 'wrong' } })
    const [error] = await next(socket, 'connect_error')
    expect(error).toMatchObject({
      message: expect.stringContaining('credentials'),
      data: { code: 'not-authenticated' },
    })
    await until(() => expect(server.connections()).toEqual([]))
    socket.auth = { token: 'secret' }
    socket.connect()
    await next(socket, 'connect')
    expect(server.connections()).toMatchObject([{ dialect: 'socketio', user: { id: 'ada' } }])
    socket.disconnect()
    await until(() => expect(server.connections()).toEqual([]))
  })

  it('is reached by disconnectUser and revokeUser', async () => {
    const { server, stock } = await bridged({ authenticate: () => ({ id: 'ada' }) })
    const socket = stock({ transports })
    await socket.emitWithAck('subscribe', 'room:1')
    const unsubscribed = next(socket, 'unsubscribed')
    server.revokeUser('ada', 'room:1')
    expect(await unsubscribed).toEqual([
      { channel: 'room:1', code: 'forbidden', error: expect.any(String) },
    ])
    const again = next(socket, 'connect')
    const lost = next(socket, 'disconnect')
    server.disconnectUser('ada')
    expect((await lost)[0]).not.toBe('io server disconnect')
    await again
    const away = next(socket, 'disconnect')
    server.disconnectUser('ada', { code: 4403 })
    expect((await away)[0]).toBe('io server disconnect')
    await until(() => expect(server.connections()).toEqual([]))
  })
})

describe('the Socket.IO bridge', () => {
  it('counts the address of a polling client whose first TCP connection has ended', async () => {
    const addresses: unknown[] = []
    const { server, origin } = await bridged({
      clientAddress: ({ remoteAddress }) => {
        addresses.push(remoteAddress)
        return remoteAddress
      },
    })
    const address = `${origin}/socket.io/?EIO=4&transport=polling`
    const headers = { connection: 'close' }
    const { sid } = JSON.parse((await (await fetch(address, { headers })).text()).slice(1))
    await fetch(`${address}&sid=${sid}`, { method: 'POST', body: '40', headers })
    await until(() => expect(server.connections()).toHaveLength(1))
    expect(addresses).toEqual(['127.0.0.1'])
  })

  it('refuses what an upgrade request is refused for: origins and canConnect', async () => {
    const { stock } = await bridged({
      origins: ['https://app.example'],
      canConnect: ({ headers }) => headers['x-key'] === 'right',
    })
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const code = async (extraHeaders: Record<string, string>) => {
      const socket = stock({ extraHeaders, reconnection: false })
      const [error] = await Promise.race([next(socket, 'connect_error'), next(socket, 'connect')])
      return error
    }
    const origin = 'https://app.example'
    expect(await code({ origin: 'https://evil.example' })).toMatchObject({
      data: { code: 'origin-not-allowed' },
    })
    expect(warn).toHaveBeenCalledOnce()
    expect(await code({ origin })).toMatchObject({ data: { code: 'not-authenticated' } })
    expect(await code({ origin, 'x-key': 'right' })).toBeUndefined()
  })

  it('leaves events to the listeners of the application, which subscribe clients', async () => {
    const { server, io, bridge, stock } = await bridged({
      authorize: (_user, channel) => channel !== 'room:secret',
    })
    io.on('connection', (socket) => {
      socket.on('join', async (room: string, ack) =>
        ack(await bridge.subscribe(socket, `room:${room}`)),
      )
      socket.on('leave', async (room: string, ack) =>
        ack(await bridge.unsubscribe(socket, `room:${room}`)),
      )
    })
    const socket = stock()
    const said = recorded(socket, 'said')
    expect(await socket.emitWithAck('join', '1')).toEqual({ ok: true })
    expect(await socket.emitWithAck('join', 'secret')).toMatchObject({ code: 'forbidden' })
    await server.publish('room:1', 'said', 1)
    expect(await socket.emitWithAck('leave', '1')).toEqual({ ok: true })
    await server.publish('room:1', 'said', 2)
    await socket.emitWithAck('join', '2')
    expect(said.map(([payload]) => payload)).toEqual([1])
    await expect(bridge.subscribe({}, 'room:1')).rejects.toThrow(/another namespace/)
  })

  it('answers the application when the client has gone', async () => {
    const { io, bridge, stock } = await bridged()
    const gone = new Promise<unknown>((resolve) => {
      io.on('connection', (socket) => {
        socket.on('disconnect', async () => resolve(await bridge.subscribe(socket, 'room:1')))
      })
    })
    const socket = stock()
    await next(socket, 'connect')
    socket.disconnect()
    expect(await gone).toMatchObject({ code: 'closed' })
  })

  it('answers the application when the client goes before the server has decided', async () => {
    const asked = deferred<void>()
    const { io, bridge, stock } = await bridged({
      authorize: () => {
        asked.resolve()
        return new Promise<never>(() => {})
      },
    })
    const answer = new Promise<unknown>((resolve) => {
      io.on('connection', async (socket) => resolve(await bridge.subscribe(socket, 'room:1')))
    })
    const socket = stock()
    await asked.promise
    socket.disconnect()
    expect(await answer).toEqual({ error: expect.any(String), code: 'closed' })
  })

  it('leaves no session of a client that goes during canConnect', async () => {
    const may = deferred<boolean>()
    const asked = deferred<void>()
    const { server, io, stock } = await bridged({
      canConnect: () => {
        asked.resolve()
        return may.promise
      },
    })
    const socket = stock({ reconnection: false })
    await asked.promise
    socket.io.engine.close()
    await until(() => expect(io.engine.clientsCount).toBe(0))
    may.resolve(true)
    await until(() => expect(server.stats().closes).toBe(1))
    expect(server.connections()).toEqual([])
  })

  it('serves one namespace, and leaves the others to the application', async () => {
    const { server, io, origin, stock } = await bridged({}, { namespace: '/live' })
    io.on('connection', (socket) => socket.on('echo', (value, ack) => ack(value)))
    const live = stock()
    await live.emitWithAck('subscribe', 'room:1')
    const other = live.io.socket('/')
    onTestFinished(() => {
      other.disconnect()
    })
    expect(await other.emitWithAck('echo', origin)).toBe(origin)
    const said = next(live, 'said')
    await server.publish('room:1', 'said')
    expect(await said).toEqual([null, expect.objectContaining({ channel: 'room:1' })])
    expect(server.connections()).toHaveLength(1)
  })

  it('closes with the server, after which clients return to another one', async () => {
    const { server, stock } = await bridged()
    const socket = stock({ reconnection: false })
    await next(socket, 'connect')
    const lost = next(socket, 'disconnect')
    await server.close()
    expect((await lost)[0]).toBe('transport close')
  })

  it('drains: clients are disconnected at the deadline', async () => {
    const { server, stock } = await bridged()
    const socket = stock({ reconnection: false })
    await socket.emitWithAck('subscribe', 'room:1')
    const lost = next(socket, 'disconnect')
    await server.drain({ deadlineMs: 50 })
    expect((await lost)[0]).toBe('transport close')
  })

  it('limits the messages of a client', async () => {
    const { server, stock } = await bridged({ limits: { messagesPerSecond: 5 } })
    server.handle('time', () => 0)
    const socket = stock({ reconnection: false })
    expect(await socket.emitWithAck('time')).toBe(0)
    const lost = next(socket, 'disconnect')
    const answers: unknown[] = []
    for (let sent = 0; sent < 200; sent++)
      socket.emit('time', (value: unknown) => answers.push(value))
    await lost
    expect(answers).toContainEqual({
      ...{ code: 'rate-limited', error: expect.any(String) },
      retryAfterMs: expect.any(Number),
    })
    expect(server.stats().refusals).toMatchObject({ 'rate-limited': expect.any(Number) })
  })

  it('ends a connection that sends bytes, or JSON nested too deeply', async () => {
    const { server, stock } = await bridged()
    server.handle('time', () => 0)
    const bytes = stock({ reconnection: false })
    await next(bytes, 'connect')
    bytes.emit('upload', { file: new Uint8Array([1, 2]) })
    expect((await next(bytes, 'disconnect'))[0]).toBe('transport close')
    const deep = stock({ reconnection: false })
    await next(deep, 'connect')
    deep.io.engine.write(`2["deep",${'['.repeat(200_000)}${']'.repeat(200_000)}]`)
    await next(deep, 'disconnect')
    expect(await stock().emitWithAck('time')).toBe(0)
  })

  it('keeps a client that reads everything, however much', async () => {
    const { server, stock } = await bridged()
    const socket = stock()
    const said = recorded(socket, 'said')
    await socket.emitWithAck('subscribe', 'room:1')
    for (let sent = 1; sent <= 40; sent++) {
      await server.publish('room:1', 'said', 'x'.repeat(60_000))
      await until(() => expect(said).toHaveLength(sent))
    }
    expect(socket.connected).toBe(true)
  })

  it('leaves nothing behind of clients that are refused on one connection', async () => {
    const { io, server, port } = await bridged({
      authenticate: ({ token }) => (token === 'secret' ? { id: 'ada' } : undefined),
      limits: { perAddress: { authFailuresPerMinute: 100 } },
    })
    const client = await RawClient.open(
      `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`,
    )
    await client.text()
    const [conn] = Object.values<EventEmitter>(Reflect.get(io.engine, 'clients'))
    const count = () => ['close', 'drain'].map((name) => conn?.listenerCount(name))
    const before = count()
    for (let attempt = 0; attempt < 3; attempt++) {
      client.send('40{"token":"wrong"}')
      expect(await client.text()).toMatch(/^44.*not-authenticated/)
    }
    expect(count()).toEqual(before)
    await until(() => expect(server.connections()).toEqual([]))
    client.send('40{"token":"secret"}')
    expect(await client.text()).toMatch(/^40/)
  })

  it('ends the session of a client that goes while it is authenticated', async () => {
    const known = deferred<{ id: string }>()
    const { server, stock } = await bridged({ authenticate: () => known.promise })
    const socket = stock({ reconnection: false })
    await until(() => expect(server.connections()).toHaveLength(1))
    socket.io.engine.close()
    await until(() => expect(server.connections()).toEqual([]))
    known.resolve({ id: 'ada' })
    await new Promise(setImmediate)
    expect(server.stats()).toMatchObject({ connections: 0, users: 0 })
  })

  it('stays with clients that only answer the pings of Engine.IO', async () => {
    const { server, stock } = await bridged(
      { heartbeatMs: 20 },
      { io: { pingInterval: 60_000, pingTimeout: 60_000 } },
    )
    const socket = stock()
    await next(socket, 'connect')
    const before = server.connections()[0]?.lastHeartbeat ?? 0
    await until(() => expect(server.connections()[0]?.lastHeartbeat).toBeGreaterThan(before + 100))
    expect(socket.connected).toBe(true)
  })

  it('refuses connectionStateRecovery, which skips the session', async () => {
    const io = { connectionStateRecovery: {} }
    await expect(bridged({}, { io })).rejects.toThrow(/connectionStateRecovery/)
    await expect(bridged({}, { io, namespace: '/live' })).rejects.toMatchObject({
      code: 'bad-option',
    })
  })

  it('serves raw frames of Engine.IO over a bare WebSocket', async () => {
    const { server, port } = await bridged()
    server.handle('double', (n: number) => 2 * n)
    const client = await RawClient.open(
      `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`,
    )
    expect(await client.text()).toMatch(/^0\{"sid":/)
    client.send('40{"token":"any"}')
    expect(await client.text()).toMatch(/^40\{"sid":/)
    client.send('420["subscribe","room:1"]')
    expect(await client.text()).toBe('430[{"ok":true}]')
    client.send('421["double",21]')
    expect(await client.text()).toBe('431[42]')
    await server.publish('room:1', 'said', { text: 'hi' })
    const text = await client.text()
    expect(text.slice(0, 2)).toBe('42')
    expect(JSON.parse(text.slice(2))).toEqual([
      ...['said', { text: 'hi' }, { channel: 'room:1', timestamp: expect.any(Number) }],
    ])
    client.send('42["subscribe","not a\\nchannel"]')
    const error = async () => JSON.parse((await client.text()).slice(2))
    expect(await error()).toMatchObject(['error', { code: 'bad-channel' }])
    client.send('42["no such"]')
    expect(await error()).toEqual([
      ...['error', { code: 'unknown-type', error: expect.any(String), event: 'no such' }],
    ])
  })

  it('serves sessions, to clients of the polling transport too', async () => {
    const { server, stock } = await bridged({}, { speaks: 'sessions' })
    const socket = stock({ transports: ['polling'] })
    const connected = next(socket, 'connected')
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT/)
    expect(await connected).toEqual([{ socketId: expect.any(String), timestamp }])
    const subscribed = next(socket, 'subscribed')
    socket.emit('subscribe', 'one')
    expect(await subscribed).toEqual([{ sessionId: 'one', timestamp }])
    const progress = next(socket, 'progress')
    await server.publish('session:one', 'progress', { progress: 40 })
    expect(await progress).toEqual([{ progress: 40, sessionId: 'one', timestamp }])
  })

  it('holds packets, and the end, until Socket.IO has connected the client', async () => {
    const { server, namespace, accepted } = pretended({ speaks: 'sessions' })
    const first = await accepted()
    expect(first.calls).toEqual([])
    namespace.emit('connection', first)
    const connected = ['emit', 'connected', expect.anything()]
    expect(first.calls).toEqual([connected])
    const second = await accepted()
    server.disconnect(server.connections()[1]?.id ?? '', { code: 4403 })
    await until(() => expect(server.connections()).toHaveLength(1))
    expect(second.calls).toEqual([])
    namespace.emit('connection', second)
    expect(second.calls).toEqual([connected, ['disconnect'], ['disconnect']])
  })

  it('closes a client that asks for much and reads nothing', async () => {
    const { server, namespace, accepted } = pretended()
    server.handle('much', () => 'x'.repeat(1024 * 1024))
    const socket = await accepted()
    namespace.emit('connection', socket)
    let answers = 0
    for (let asked = 0; asked < 40 && server.connections().length; asked++) {
      socket.any('much', () => {
        answers++
      })
      await until(() => expect(answers).toBe(asked + 1))
    }
    expect(answers).toBe(16)
    expect(socket.calls.at(-1)).toEqual(['close'])
    await until(() => expect(server.connections()).toEqual([]))
  })

  it('gives the application a bridge for any server of connections', () => {
    const io = { use: () => {}, on: () => {} }
    const connect = () => Promise.reject(new Error('unused'))
    const server = { connect, assertOrigins() {} }
    expect(bridgeSocketio(server, io)).toEqual({
      subscribe: expect.any(Function),
      unsubscribe: expect.any(Function),
      connectionId: expect.any(Function),
    })
  })
})
