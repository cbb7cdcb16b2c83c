import { io } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import {
  engineIo,
  sessionChannel,
  sessionContexts,
  sessionSink,
  socketio,
} from '../../src/dialects/socketio-door.ts'
import {
  ChannelSubscriber,
  type ClientOptions,
  ContextRegistry,
  feed,
  type TransportFactory,
  webSocketTransport,
} from '../../src/index.ts'
import { socketioClient } from '../../src/transports/socketio-client.ts'
import { connect, until } from '../support/live.ts'
import { serveSessions } from '../support/session-server.ts'

const wearers: [string, (url: string) => TransportFactory][] = [
  ['Engine.IO over ws', () => engineIo(webSocketTransport(WebSocket))],
  ['an instance of socket.io-client', (url) => socketioClient(io(url, resting))],
  // It is connecting already when the client takes it, and comes back by itself if it is let.
  ['an instance left to its defaults', (url) => socketioClient(io(url, { forceNew: true }))],
]
const resting = { autoConnect: false, reconnection: false, forceNew: true }
const patient = { maxAttempts: Number.POSITIVE_INFINITY, maxMs: 200, initialMs: 40 } as const

function open(url: string, transport: TransportFactory, options: ClientOptions = {}) {
  const parts = connect(url, { dialect: socketio, transport, backoff: patient, ...options })
  const channels = new ChannelSubscriber(parts.client)
  const sessions = sessionContexts(new ContextRegistry())
  const follow = (id: string) => feed(channels, sessionChannel(id), sessionSink(sessions))
  return { ...parts, channels, sessions, follow }
}

describe.each(wearers)('a stock Socket.IO server and %s', (_, wear) => {
  it('keeps the state of each session that is followed', async () => {
    const server = await serveSessions()
    const { sessions, follow, errors } = open(server.url, wear(server.url))
    await Promise.all([follow('one').ready, follow('two').ready])
    server.tell('one', 'progress', { status: 'PROCESSING', progress: 40 })
    server.tell('one', 'model_result', { modelName: 'mistral:7b', status: 'processing' })
    server.tell('one', 'model_result', { modelName: 'mistral:7b', status: 'completed' })
    server.tell('two', 'error', { error: 'Ollama returned 500' })
    server.tell('three', 'progress', { status: 'ACTIVE', progress: 0 })
    server.tell('one', 'completed', { result: { id: 'r' } })
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

  it('tells who it is connected as, by the welcome and by the first event', async () => {
    const server = await serveSessions()
    const { client, channels } = open(server.url, wear(server.url))
    const told: unknown[] = []
    client.on('opened', (welcome) => told.push(welcome?.connectionId))
    channels.subscribe<{ socketId: string }>('socket', ({ socketId }) => told.push(socketId))
    await until(() => expect(told).toHaveLength(2))
    expect(told[0]).toBe(told[1])
    expect(typeof told[0]).toBe('string')
  })

  it('takes an acknowledgement for the answer to a request', async () => {
    const server = await serveSessions()
    const { client } = open(server.url, wear(server.url))
    expect(await Promise.all([1, 2, 3].map((n) => client.request('double', n)))).toEqual([2, 4, 6])
  })

  it('is refused a session that is none, and goes on', async () => {
    const server = await serveSessions()
    const { follow, client, errors } = open(server.url, wear(server.url))
    await expect(follow('no session').ready).rejects.toMatchObject({
      code: 'session-error',
      message: 'The server refused session:no session: There is no such session.',
    })
    await follow('one').ready
    expect(client.state.get().name).toBe('open')
    expect(errors).toEqual([])
  })

  it('subscribes anew after a restart, each session once, and none that was left', async () => {
    const first = await serveSessions()
    const { client, sessions, follow, errors } = open(first.url, wear(first.url))
    const left = follow('left')
    await Promise.all([left.ready, follow('one').ready, follow('two').ready])
    left()
    await until(() => expect(first.log).toContain('unsubscribe left'))
    await first.close()
    await until(() => expect(client.state.get().name).toBe('waiting'))
    const second = await serveSessions({ port: first.port })
    await until(() => expect(second.log).toHaveLength(3))
    second.tell('one', 'progress', { status: 'PROCESSING', progress: 70 })
    await until(() => expect(sessions.slot('session').get('one')?.progress?.progress).toBe(70))
    expect(second.log).toEqual([
      expect.stringMatching(/^connected by /),
      'subscribe one',
      'subscribe two',
    ])
    expect(errors).toEqual([])
  })

  it('does not come back after the server has ended it on purpose', async () => {
    const server = await serveSessions()
    const { client } = open(server.url, wear(server.url))
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

  it('gives up where the server does not let it in, and says why', async () => {
    const server = await serveSessions({ refuse: () => 'not authorized' })
    const { client } = open(server.url, wear(server.url))
    client.on('failed', () => {})
    await expect(client.connect()).rejects.toMatchObject({
      code: 'failed',
      detail: { reason: 'not authorized', closeCode: 4401 },
    })
    await until(() => expect(server.io.engine.clientsCount).toBe(0))
  })

  it('leaves no socket behind when it is closed', async () => {
    const server = await serveSessions()
    const { client, follow } = open(server.url, wear(server.url))
    await follow('one').ready
    expect(server.io.engine.clientsCount).toBe(1)
    client.close()
    await until(() => expect(server.io.engine.clientsCount).toBe(0))
    await client.connect()
    await until(() => expect(server.log.filter((line) => line === 'subscribe one')).toHaveLength(2))
    expect(server.io.engine.clientsCount).toBe(1)
  })
})
