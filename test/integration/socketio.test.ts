import { io } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import {
  ChannelSubscriber,
  type ClientOptions,
  ContextRegistry,
  feed,
  pollWhileDown,
  webSocketTransport,
} from 'wirefold'
import {
  type Connected,
  engineIo,
  type SessionContext,
  sessionChannel,
  sessionContexts,
  sessionSink,
  sessions,
  withAcks,
} from 'wirefold/dialects/socketio'
import { type SocketIoLike, socketioClient } from 'wirefold/socketio-client'
import { WebSocket } from 'ws'
import { connect, until } from '../support/live.ts'
import { serveSessions } from '../support/session-server.ts'

type SetUp = (url: string) => ReturnType<typeof engineIo>
const setUps: [string, SetUp][] = [
  ['Engine.IO over ws', () => engineIo(webSocketTransport(WebSocket))],
  ['an instance of socket.io-client', (url) => over(io(url, resting))],
  // Already connecting when the client takes it over; reconnects by itself by default.
  ['an instance left to its defaults', (url) => over(io(url, { forceNew: true }))],
]
const over = (instance: SocketIoLike) => {
  return { dialect: sessions, transport: socketioClient(instance) }
}
const resting = { autoConnect: false, reconnection: false, forceNew: true }
const patient = { maxRetries: Number.POSITIVE_INFINITY, maxMs: 200, initialMs: 40 } as const

function open(url: string, options: ClientOptions) {
  const parts = connect(url, { backoff: patient, ...options })
  const channels = new ChannelSubscriber(parts.client)
  const sessions = sessionContexts(new ContextRegistry())
  const follow = (id: string) => feed(channels, sessionChannel(id), sessionSink(sessions))
  return { ...parts, channels, sessions, follow }
}

describe.each(setUps)('a stock Socket.IO server and %s', (_, setUp) => {
  it('keeps the state of each subscribed session', async () => {
    const server = await serveSessions()
    const { sessions, follow, errors } = open(server.url, setUp(server.url))
    await Promise.all([follow('one').ready, follow('two').ready])
    server.emit('one', 'progress', { status: 'PROCESSING', progress: 40 })
    server.emit('one', 'model_result', { modelName: 'mistral:7b', status: 'processing' })
    server.emit('one', 'model_result', { modelName: 'mistral:7b', status: 'completed' })
    server.emit('two', 'error', { error: 'Ollama returned 500' })
    server.emit('three', 'progress', { status: 'ACTIVE', progress: 0 })
    server.emit('one', 'completed', { result: { id: 'r' } })
    await until(() => expect(sessions.slot('session').get('one')?.isCompleted).toBe(true))
    expect(sessions.slot('session').get('one')).toMatchObject({
      progress: { status: 'PROCESSING', progress: 40 },
      modelResults: [{ modelName: 'mistral:7b', status: 'completed' }],
      completed: { result: { id: 'r' } },
      error: undefined,
    })
    expect(sessions.slot('session').get('two')).toMatchObject({
      progress: undefined,
      error: { error: 'Ollama returned 500' },
    })
    expect(sessions.slot('session').keys.get()).toEqual(['one', 'two'])
    expect(errors).toEqual([])
  })

  it('sends the socket id, a new one for each connection', async () => {
    const server = await serveSessions()
    const { client, channels } = open(server.url, setUp(server.url))
    const socketIds: unknown[] = []
    channels.subscribe<Connected>('socket', ({ socketId }) => socketIds.push(socketId))
    await until(() => expect(socketIds).toHaveLength(1))
    client.close()
    await client.connect()
    await until(() => expect(socketIds).toHaveLength(2))
    expect(new Set(socketIds).size).toBe(2)
  })

  it('accepts an acknowledgement as the reply to a request', async () => {
    const server = await serveSessions()
    const { dialect, transport } = setUp(server.url)
    const { client } = open(server.url, { dialect: withAcks(dialect), transport })
    expect(await Promise.all([1, 2, 3].map((n) => client.request('double', n)))).toEqual([2, 4, 6])
  })

  it('reports the refusal of an unknown session, and continues', async () => {
    const server = await serveSessions()
    const { follow, client, errors } = open(server.url, setUp(server.url))
    await expect(follow('no session').ready).rejects.toMatchObject({
      code: 'session-error',
      message: 'The server refused session:no session: There is no such session.',
    })
    await follow('one').ready
    expect(client.state.get().name).toBe('open')
    expect(errors).toEqual([])
  })

  it('receives one subscribe per current session after a restart', async () => {
    const first = await serveSessions()
    const { client, sessions, follow, errors } = open(first.url, setUp(first.url))
    const left = follow('left')
    await Promise.all([left.ready, follow('one').ready, follow('two').ready])
    left()
    await until(() => expect(first.log).toContain('unsubscribe left'))
    await first.close()
    await until(() => expect(client.state.get().name).toBe('waiting'))
    const second = await serveSessions({ port: first.port })
    await until(() => expect(second.log).toHaveLength(3))
    second.emit('one', 'progress', { status: 'PROCESSING', progress: 70 })
    await until(() => expect(sessions.slot('session').get('one')?.progress?.progress).toBe(70))
    expect(second.log).toEqual([
      expect.stringMatching(/^connected by /),
      'subscribe one',
      'subscribe two',
    ])
    expect(errors).toEqual([])
  })

  it('does not reconnect after the server closed the connection deliberately', async () => {
    const server = await serveSessions()
    const { client } = open(server.url, setUp(server.url))
    const failures: unknown[] = []
    client.on('failed', (error) => failures.push(error))
    await client.connect()
    server.io.disconnectSockets()
    await until(() => expect(client.state.get().name).toBe('failed'))
    expect(failures).toEqual([
      expect.objectContaining({
        code: 'failed',
        detail: { reason: 'io server disconnect', closeCode: 1008 },
      }),
    ])
    await until(() => expect(server.io.engine.clientsCount).toBe(0))
  })

  it('fails if the server refuses the connection, with the reason', async () => {
    const server = await serveSessions({ refuse: () => 'not authorized' })
    const { client } = open(server.url, setUp(server.url))
    client.on('failed', () => {})
    await expect(client.connect()).rejects.toMatchObject({
      code: 'failed',
      detail: { reason: 'not authorized', closeCode: 4401 },
    })
    await until(() => expect(server.io.engine.clientsCount).toBe(0))
  })

  it('closes its connection with the client', async () => {
    const server = await serveSessions()
    const { client, follow } = open(server.url, setUp(server.url))
    await follow('one').ready
    expect(server.io.engine.clientsCount).toBe(1)
    client.close()
    await until(() => expect(server.io.engine.clientsCount).toBe(0))
    await client.connect()
    await until(() => expect(server.log.filter((line) => line === 'subscribe one')).toHaveLength(2))
    expect(server.io.engine.clientsCount).toBe(1)
  })
})

describe('a stock Socket.IO server', () => {
  it('with only polling works with a socket.io-client instance', async () => {
    const server = await serveSessions({ transports: ['polling'] })
    const instance = io(server.url, { ...resting, transports: ['polling'] })
    const { client, sessions, follow, errors } = open(server.url, over(instance))
    await follow('one').ready
    server.emit('one', 'progress', { status: 'PROCESSING', progress: 50 })
    await until(() => expect(sessions.slot('session').get('one')?.progress?.progress).toBe(50))
    expect(server.log[0]).toBe('connected by polling')
    client.close()
    await until(() => expect(server.io.engine.clientsCount).toBe(0))
    expect(errors).toEqual([])
  })

  it('with only polling is polled over HTTP by a client that has only WebSockets', async () => {
    const server = await serveSessions({ transports: ['polling'] })
    const plain = engineIo(webSocketTransport(WebSocket))
    const { client, sessions } = open(server.url, plain)
    const timestamp = new Date().toISOString()
    const stop = pollWhileDown(client, {
      poll: async (): Promise<{ state: readonly SessionContext[] }> => {
        const data = { sessionId: 'one', timestamp, result: 'fetched' }
        return { state: [{ kind: 'session', event: 'completed', data }] }
      },
      into: sessionSink(sessions),
      afterFailures: 2,
    })
    client.connect().catch(() => {})
    await until(() => expect(sessions.slot('session').get('one')?.isCompleted).toBe(true))
    stop()
  })

  it('accepts Engine.IO with the token of auth(), which is called once more after a refusal', async () => {
    const server = await serveSessions({
      refuse: ({ token }) => (token === 'fresh' ? undefined : 'jwt expired'),
    })
    const reasons: string[] = []
    const { follow } = open(server.url, {
      ...engineIo(webSocketTransport(WebSocket)),
      auth: (reason) => {
        reasons.push(reason)
        return reason === 'refused' ? 'fresh' : 'stale'
      },
    })
    await follow('one').ready
    expect(reasons).toEqual(['connect', 'refused'])
  })

  it('accepts Engine.IO in another namespace, with the query of auth() in the address', async () => {
    const server = await serveSessions()
    const came: unknown[] = []
    server.io.of('/admin').on('connection', (socket) => {
      came.push(socket.handshake.auth.token, socket.handshake.query.page)
      socket.on('subscribe', (sessionId) => socket.emit('subscribed', { sessionId }))
    })
    const admin = engineIo(webSocketTransport(WebSocket), { namespace: '/admin' })
    const auth = () => ({ token: 't', query: { page: '7' } })
    await open(server.url, { ...admin, auth }).follow('one').ready
    expect(came).toEqual(['t', '7'])
    expect(server.log).toEqual([])
  })

  it('receives one connect packet from an instance that was already connecting', async () => {
    const server = await serveSessions()
    const waiting: (() => void)[] = []
    server.io.use((_, next) => {
      waiting.push(next)
    })
    const instance = io(server.url, { forceNew: true })
    await until(() => expect(waiting).toHaveLength(1))
    const following = open(server.url, over(instance)).follow('one')
    await Promise.resolve()
    for (const proceed of waiting) proceed()
    // Resolves after any other packet of the instance.
    await following.ready
    expect(waiting).toHaveLength(1)
    expect(server.log).toEqual([expect.stringMatching(/^connected by /), 'subscribe one'])
  })

  it('receives replies to its pings', async () => {
    const server = await serveSessions({ pingInterval: 20 })
    const received: string[] = []
    server.io.engine.on('connection', (line) => {
      line.on('packet', ({ type }: { type: string }) => received.push(type))
    })
    const { client } = open(server.url, engineIo(webSocketTransport(WebSocket)))
    await client.connect()
    await until(() => expect(received.filter((type) => type === 'pong').length).toBeGreaterThan(5))
    expect(client.stats().opens).toBe(1)
  })
})
