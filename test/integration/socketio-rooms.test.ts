import { io } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import {
  bindList,
  ChannelSubscriber,
  type ClientOptions,
  ContextRegistry,
  type EntityApi,
  feed,
  OptimisticManager,
  PresenceManager,
  webSocketTransport,
} from 'wirefold'
import {
  acknowledge,
  engineIoTransport,
  type SocketIoOptions,
  socketio,
} from 'wirefold/dialects/socketio'
import { socketioClient } from 'wirefold/socketio-client'
import { WebSocket } from 'ws'
import { connect, until } from '../support/live.ts'
import { serveRooms } from '../support/peers/room-server.ts'
import { started } from '../support/started.ts'

const resting = { autoConnect: false, reconnection: false, forceNew: true }
const token = (auth: unknown): object => (typeof auth === 'string' ? { auth: { token: auth } } : {})
const transports: Readonly<Record<string, (url: string, auth: unknown) => ClientOptions>> = {
  'Engine.IO over ws': (_url, auth) => ({
    transport: engineIoTransport(webSocketTransport(WebSocket)),
    ...(typeof auth === 'string' && { auth: () => auth }),
  }),
  'an instance of socket.io-client': (url, auth) => ({
    transport: socketioClient(io(url, { ...resting, ...token(auth) })),
  }),
  'an instance that polls': (url, auth) => ({
    transport: socketioClient(io(url, { ...resting, transports: ['polling'], ...token(auth) })),
  }),
}
const rooms: SocketIoOptions = { join: 'join', leave: 'leave', room: 0 }

describe.each(Object.entries(transports))('a stock Socket.IO server and %s', (name, over) => {
  const open = (url: string, options: SocketIoOptions = rooms, auth?: string) => {
    const parts = connect(url, { dialect: socketio(options), ...over(url, auth) })
    const channels = new ChannelSubscriber(parts.client, { lingerMs: 0 })
    const received: unknown[] = []
    const follow = (channel: string, params?: unknown) =>
      channels.subscribe(
        channel,
        (payload, { type }) => received.push([channel, type, payload]),
        params === undefined ? {} : { params },
      )
    return { ...parts, channels, received, follow }
  }

  it('joins rooms by the event of the application, and gets their events', async () => {
    const server = await serveRooms()
    const { client, follow, received, errors } = open(server.url)
    const one = follow('room:1')
    const secret = follow('secret:9')
    await expect(secret.ready).rejects.toMatchObject({ code: 'forbidden' })
    await one.ready
    await follow('room:2', { since: 7 }).ready
    server.io.to('room:1').emit('said', 'room:1', { text: 'hello' })
    server.io.to('room:2').emit('said', 'room:2', 'several', 7)
    server.io.to('room:3').emit('said', 'room:3', 'elsewhere')
    server.io.emit('news')
    expect(await client.request('say', 'hi', { channel: 'room:1' })).toEqual({ ok: true })
    await client.publish('room:2', 'say', 'quiet')
    await until(() => expect(received).toHaveLength(4))
    expect(received).toEqual([
      ['room:1', 'said', { text: 'hello' }],
      ['room:2', 'said', ['several', 7]],
      ['room:1', 'said', { text: 'hi' }],
      ['room:2', 'said', { text: 'quiet' }],
    ])
    one()
    await until(() => expect(server.log).toContain('leave room:1'))
    expect(server.log).toEqual([
      ...['connected /', 'join room:1', 'join secret:9', 'join room:2 [{"since":7}]'],
      'leave room:1',
    ])
    expect(errors).toEqual([])
  })

  it('gets events that name no room on the channel socket', async () => {
    const server = await serveRooms({ connected: (socket) => socket.emit('welcome', { n: 1 }) })
    const { follow, received } = open(server.url)
    await follow('socket').ready
    await until(() => expect(received).toEqual([['socket', 'welcome', { n: 1 }]]))
    server.io.emit('tick')
    await until(() => expect(received[1]).toEqual(['socket', 'tick', undefined]))
    expect(server.log).toEqual(['connected /'])
  })

  it('carries requests as events with an acknowledgement, and its errors', async () => {
    const server = await serveRooms()
    const args = (_type: string, payload: unknown) => (Array.isArray(payload) ? payload : [payload])
    const { client } = open(server.url, { ...rooms, args })
    expect(await client.request('sum', [2, 3])).toBe(5)
    await expect(client.request('say', ['room:404', 'x'])).rejects.toMatchObject({
      code: 'refused',
      message: 'The server refused the request say: not a member',
      detail: { details: { ok: false, error: 'not a member' } },
    })
    const node = open(server.url, { args, errors: 'node' })
    expect(await node.client.request('divide', [6, 2])).toBe(3)
    await expect(node.client.request('divide', [6, 0])).rejects.toMatchObject({
      code: 'DIVISION',
      message: 'The server refused the request divide: division by zero',
    })
    await expect(node.client.request('disconnect')).rejects.toMatchObject({ code: 'unsupported' })
  })

  it('answers the events by which the server asks for an acknowledgement', async () => {
    const server = await serveRooms()
    const { client, channels } = open(server.url)
    channels.subscribe('socket', async (payload, event) => {
      if (event.type === 'question')
        await acknowledge(client, event, { answer: 2 * Number(payload) })
    })
    await client.publish('socket', 'ask me', 21)
    await client.publish('socket', 'ask me', 4)
    await until(() => expect(server.answers).toEqual([{ answer: 42 }, { answer: 8 }]))
  })

  it('carries bytes in events, requests, replies and answers', async () => {
    const server = await serveRooms()
    const { client, channels, follow, received } = open(server.url, {
      ...rooms,
      args: (_type, payload) => (Array.isArray(payload) ? payload : [payload]),
    })
    await follow('room:2').ready
    server.io.to('room:2').emit('blob', 'room:2', { inner: [Buffer.from([0, 255])] })
    await until(() => expect(received).toHaveLength(1))
    expect(received).toEqual([['room:2', 'blob', { inner: [Uint8Array.of(0, 255)] }]])
    const reply = await client.request('file', ['a.bin', Uint8Array.of(9, 8, 7)])
    expect(reply).toEqual({ name: 'a.bin', bytes: 3, back: Uint8Array.of(7, 8, 9) })
    channels.subscribe('socket', (_, event) => acknowledge(client, event, Uint8Array.of(1, 2)))
    await client.publish('socket', 'ask me', Uint8Array.of(5).buffer)
    await until(() => expect(server.answers).toEqual([Buffer.from([1, 2])]))
  })

  it('connects to namespaces as channels, over one connection', async () => {
    const server = await serveRooms()
    const { client, channels, follow, received, errors } = open(server.url)
    const staff = follow('/staff')
    await Promise.all([staff.ready, follow('room:1').ready])
    await expect(follow('/closed').ready).rejects.toMatchObject({
      code: 'refused',
      message: 'The server refused /closed: closed today',
    })
    await expect(follow('/unknown').ready).rejects.toMatchObject({
      message: 'The server refused /unknown: Invalid namespace',
    })
    server.io.of('/staff').emit('said', 'desk', Buffer.from([1]))
    server.io.of('/').emit('said', 'room:1', 'both')
    await until(() => expect(received).toHaveLength(2))
    expect(received).toEqual([
      ['/staff', 'said', ['desk', Uint8Array.of(1)]],
      ['room:1', 'said', 'both'],
    ])
    expect(await client.request('join', 'desk', { channel: '/staff' })).toEqual({ ok: true })
    channels.subscribe('/staff', (_, event) => acknowledge(client, event, 'from staff'))
    await client.publish('/staff', 'ask me', 'who?')
    await until(() => expect(server.answers).toEqual(['from staff']))
    expect(server.io.engine.clientsCount).toBe(1)
    staff()
    await until(() => expect(server.io.of('/staff').sockets.size).toBe(1))
    server.io.of('/staff').disconnectSockets()
    expect(client.state.get().name).toBe('open')
    expect(errors).toEqual([])
  })

  it('sees the end of a namespace by the server, and comes back to it', async () => {
    const server = await serveRooms()
    const { client, follow } = open(server.url)
    const staff = follow('/staff')
    await staff.ready
    server.io.of('/staff').disconnectSockets()
    await until(() => expect(staff.status.get()).toMatchObject({ name: 'refused' }))
    expect(staff.status.get()).toMatchObject({ error: { code: 'server-disconnect' } })
    expect(client.state.get().name).toBe('open')
    await follow('/staff').ready
    expect(staff.status.get()).toMatchObject({ name: 'gap' })
  })

  it('loses and repeats nothing where the server recovers the session', async () => {
    const server = await serveRooms()
    const { client, follow, received } = open(server.url)
    const subscriptions = ['room:1', '/staff', 'socket'].map((channel) => follow(channel))
    await Promise.all(subscriptions.map(({ ready }) => ready))
    server.io.to('room:1').emit('said', 'room:1', 1)
    server.io.of('/staff').emit('noted', 1)
    server.io.emit('tick', 1)
    await until(() => expect(received).toHaveLength(3))
    await until(() => {
      // The server drops a volatile event if it cannot send it at once.
      server.io.to('room:1').volatile.emit('brief', 'room:1', { volatile: true })
      expect(received).toContainEqual(['room:1', 'brief', { volatile: true }])
    })
    await server.cutDuring(async () => {
      await until(() => expect(server.io.of('/').sockets.size).toBe(0))
      server.io.to('room:1').emit('said', 'room:1', 2)
      server.io.of('/staff').emit('noted', 2)
      server.io.emit('tick', 2)
      server.io.to('room:1').emit('blob', 'room:1', Buffer.from([3]))
    })
    await until(() => expect(client.stats().opens).toBe(2))
    await until(() => {
      expect(subscriptions.map(({ status }) => status.get().name)).toEqual(['live', 'live', 'live'])
    })
    server.io.to('room:1').emit('said', 'room:1', 4)
    await until(() => expect(received).toContainEqual(['room:1', 'said', 4]))
    expect(server.log.filter((line) => line.startsWith('recovered'))).toEqual([
      ...['recovered /', 'recovered /staff'],
    ])
    const lasting = received.filter((event) => !JSON.stringify(event).includes('brief'))
    expect(lasting.filter((event) => !JSON.stringify(event).includes('staff'))).toEqual([
      ['room:1', 'said', 1],
      ['socket', 'tick', 1],
      ['room:1', 'said', 2],
      ['socket', 'tick', 2],
      ['room:1', 'blob', Uint8Array.of(3)],
      ['room:1', 'said', 4],
    ])
    expect(lasting.filter((event) => JSON.stringify(event).includes('staff'))).toEqual([
      ['/staff', 'noted', 1],
      ['/staff', 'noted', 2],
    ])
  })

  it('gets every event once and in order while its connections are cut again and again', async () => {
    const server = await serveRooms()
    const { client, follow, received } = open(server.url)
    const one = follow('room:1')
    await one.ready
    let count = 0
    const emit = (): void => {
      const number = count++
      const data = number % 3 ? number : [number, Buffer.from([number])]
      server.io.to('room:1').emit('said', 'room:1', data)
    }
    // A session without an event has no offset, and cannot be recovered.
    emit()
    await until(() => expect(received).toHaveLength(1))
    for (let cuts = 1; cuts <= 6; cuts++) {
      emit()
      emit()
      await server.cutDuring(async () => {
        emit()
        await until(() => expect(server.io.of('/').sockets.size).toBe(0))
        emit()
      })
      await until(() => expect(client.stats().opens).toBe(cuts + 1))
      emit()
    }
    await until(() => expect(received).toHaveLength(count))
    const numbers = received.map((event) => [Object(event)[2]].flat()[0])
    expect(numbers).toEqual(numbers.map((_, at) => at))
    await until(() => expect(one.status.get().name).toBe('live'))
  })

  it('shows gaps where the server has lost its sessions, or recovers none', async () => {
    for (const recovery of [true, false]) {
      const first = await serveRooms({ recovery })
      const { client, follow, received } = open(first.url)
      const subscriptions = ['room:1', '/staff', 'socket'].map((channel) => follow(channel))
      await Promise.all(subscriptions.map(({ ready }) => ready))
      first.io.to('room:1').emit('said', 'room:1', 1)
      await until(() => expect(received).toHaveLength(1))
      await first.close()
      const second = await serveRooms({ recovery, port: first.port })
      await until(() => expect(client.stats().opens).toBe(2))
      await until(() => {
        expect(subscriptions.map(({ status }) => status.get().name)).toEqual(['gap', 'gap', 'gap'])
      })
      second.io.to('room:1').emit('said', 'room:1', 2)
      await until(() => expect(received).toHaveLength(2))
      client.close()
    }
  })

  it('keeps a list and a registry in step, with optimistic updates, but not presence', async () => {
    type Task = { readonly id: string; readonly title: string }
    const tasks = new Map<string, Task>([['1', { id: '1', title: 'Read' }]])
    let refuses = false
    const server = await serveRooms({
      connected(socket) {
        socket.on('task:list', (answer) => answer([...tasks.values()]))
        socket.on('task:create', (task: Task, answer) => {
          if (refuses) return answer({ error: 'out-of-stock' })
          tasks.set(task.id, task)
          socket.nsp.to('tasks').emit('entity:created', 'tasks', task)
          answer(task)
        })
      },
    })
    const { client, channels, errors } = open(server.url)
    const api: EntityApi = {
      create: (_, task, { request }) => request('task:create', task),
      update: (_, id, changes, { request }) => request('task:update', { id, changes }),
      delete: (_, id, { request }) => request('task:delete', { id }),
    }
    const load = async () => ({ state: await client.request<Task[]>('task:list') })
    const list = started(bindList<Task>(channels, 'tasks', { load }))
    const optimistic = new OptimisticManager({ client, channels, api })
    const titles = () =>
      optimistic
        .view(list)
        .get()
        .map(({ title }) => title)
    const stop = optimistic.view(list).subscribe(() => {})
    const registry = new ContextRegistry<Task & { kind: 'Task' }>().keyed('Task', ({ id }) => id)
    const unfeed = feed<Task>(channels, 'tasks', registry, ({ payload }) => {
      return { kind: 'Task', ...payload }
    })
    await until(() => expect(titles()).toEqual(['Read']))
    const write = optimistic.create('Task', { id: '2', title: 'Write' }, list)
    expect(titles()).toEqual(['Read', 'Write'])
    await write
    await until(() => expect(list.state.get()).toHaveLength(2))
    expect(titles()).toEqual(['Read', 'Write'])
    await until(() => expect(registry.entity('Task', '2').get()).toMatchObject({ title: 'Write' }))
    refuses = true
    const refused = optimistic.create('Task', { id: '3', title: 'Buy' }, list)
    expect(titles()).toEqual(['Read', 'Write', 'Buy'])
    await expect(refused).rejects.toMatchObject({ code: 'out-of-stock' })
    expect(titles()).toEqual(['Read', 'Write'])
    const presence = new PresenceManager(channels)
    await expect(presence.enter('desk').ready).rejects.toMatchObject({ code: 'unsupported' })
    // What happens while the client is away is fetched.
    const { port } = server
    await server.close()
    tasks.set('4', { id: '4', title: 'Sleep' })
    await serveRooms({
      port,
      connected: (socket) => socket.on('task:list', (answer) => answer([...tasks.values()])),
    })
    await until(() => expect(titles()).toEqual(['Read', 'Write', 'Sleep']))
    stop()
    unfeed()
    expect(errors).toEqual([])
  })

  it('asks for other credentials once, and fails with the refusal of the server', async () => {
    const server = await serveRooms()
    const { client } = open(server.url, rooms, 'wrong')
    const failures: unknown[] = []
    client.on('failed', (error) => failures.push(error))
    await client.connect().catch(() => {})
    expect(failures).toMatchObject([
      { code: 'failed', cause: { message: 'not authorized', data: { code: 'BAD_TOKEN' } } },
    ])
    expect(server.log).toEqual([])
  })

  it('stays away once the server has disconnected it, until the application connects again', async () => {
    const server = await serveRooms()
    const { client, follow, received } = open(server.url)
    client.on('failed', () => {})
    const one = follow('room:1')
    await one.ready
    server.io.to('room:1').emit('said', 'room:1', 1)
    await until(() => expect(received).toHaveLength(1))
    server.io.disconnectSockets()
    await until(() => expect(client.state.get()).toMatchObject({ name: 'failed' }))
    server.io.to('room:1').emit('said', 'room:1', 2)
    await client.connect()
    await until(() => expect(one.status.get().name).toBe('gap'))
    server.io.to('room:1').emit('said', 'room:1', 3)
    await until(() => expect(received).toContainEqual(['room:1', 'said', 3]))
  })

  if (name.startsWith('Engine')) {
    it('connects with the auth and to the namespace that the application gives', async () => {
      const server = await serveRooms()
      const seen: unknown[] = []
      server.io.of('/staff').use((socket, next) => {
        seen.push(socket.handshake.auth, socket.handshake.query.page)
        next()
      })
      const { client } = connect(server.url, {
        dialect: socketio({ auth: (jwt) => ({ jwt }) }),
        transport: engineIoTransport(webSocketTransport(WebSocket), { namespace: '/staff' }),
        auth: () => ({ token: 't', query: { page: '7' } }),
      })
      await client.connect()
      expect(seen).toEqual([{ jwt: 't' }, '7'])
      expect(await client.request('join', 'desk')).toEqual({ ok: true })
    })
  }
})
