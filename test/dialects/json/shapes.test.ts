import { describe, expect, it } from 'vitest'
import { ChannelSubscriber, ContextRegistry, feed, OptimisticManager } from 'wirefold'
import { connect, until } from '../../support/live.ts'
import { djangoBackend, fastapiBackend, gatewayBackend, plainBackend } from './backends.ts'
import { apiGateway, django, fastapi, plain } from './shapes.ts'

/** Follows a channel; returns what its handler gets. */
function follow(channels: ChannelSubscriber, name: string) {
  const events: (readonly [type: string, payload: unknown])[] = []
  const subscription = channels.subscribe(
    name,
    (payload, { type }) => events.push([type, payload]),
    { onError: () => {} },
  )
  return { events, subscription, status: () => subscription.status.get().name }
}

describe('a client of a backend as of FastAPI', () => {
  it('carries its token in the address, and stops at a refused one', async () => {
    const { url } = await fastapiBackend()
    const { client } = connect(url, { dialect: fastapi, auth: () => 'ada' })
    await client.connect()
    expect(client.userId).toBe('ada')
    const refused = connect(url, { dialect: fastapi, auth: () => 'wrong' })
    await expect(refused.client.connect()).rejects.toMatchObject({ code: 'failed' })
  })

  it('is answered: subscribes by channel, requests and publishes by id', async () => {
    const backend = await fastapiBackend()
    const { client, errors } = connect(backend.url, { dialect: fastapi })
    const channels = new ChannelSubscriber(client)
    const { events, subscription } = follow(channels, 'room:1')
    await subscription.ready
    await expect(follow(channels, 'room:secret').subscription.ready).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await client.request('double', 21)).toBe(42)
    await expect(client.request('triple', 1)).rejects.toMatchObject({
      code: 'unknown-method',
      message: expect.stringContaining('No method triple.'),
    })
    await client.publish('room:1', 'said', 'hi')
    await until(() => expect(events).toEqual([['said', 'hi']]))
    expect(errors).toEqual([])
  })

  it('gets the events of the time without a connection, each once, in order', async () => {
    const backend = await fastapiBackend()
    const { client, errors } = connect(backend.url, { dialect: fastapi })
    const room = follow(new ChannelSubscriber(client), 'room:1')
    await room.subscription.ready
    backend.publish('room:1', 'said', 1)
    await until(() => expect(room.events).toHaveLength(1))
    await backend.kill()
    backend.publish('room:1', 'said', 2)
    await backend.restart()
    await until(() => expect(room.events).toHaveLength(2))
    backend.publish('room:1', 'said', 3)
    await until(() => expect(room.events.map(([, payload]) => payload)).toEqual([1, 2, 3]))
    expect(room.status()).toBe('live')
    expect(errors).toEqual([])
  })

  it('folds events into a registry, and confirms optimistic changes by their ids', async () => {
    const backend = await fastapiBackend()
    const { client } = connect(backend.url, { dialect: fastapi })
    const channels = new ChannelSubscriber(client)
    interface Task {
      readonly kind: 'Task'
      readonly id: string
      readonly title: string
    }
    const contexts = new ContextRegistry<Task>().keyed('Task', ({ id }) => id)
    feed(channels, 'room:1', contexts)
    const task = contexts.entity('Task', '1')
    const optimistic = new OptimisticManager({ client, channels })
    await channels.subscribe('room:1', () => {}).ready
    backend.publish('room:1', 'changed', { kind: 'Task', id: '1', title: 'Write' })
    await until(() => expect(task.get()).toMatchObject({ title: 'Write' }))
    expect(optimistic.pending.get()).toEqual([])
    const eventId = client.eventId()
    const own: boolean[] = []
    channels.subscribe('room:1', (_, event) => own.push(client.isOwn(event)))
    backend.publish('room:1', 'changed', { kind: 'Task', id: '1', title: 'Read' }, eventId)
    await until(() => expect(own).toEqual([true]))
  })
})

describe('a client of Django Channels', () => {
  it('has live channels without replies, refused ones, and replies to requests', async () => {
    const backend = await djangoBackend()
    const { client, errors } = connect(backend.url, { dialect: django, auth: () => 'ada' })
    const channels = new ChannelSubscriber(client)
    const { events, subscription } = follow(channels, 'room:1')
    const secret = follow(channels, 'room:secret')
    await subscription.ready
    await until(() => expect(secret.status()).toBe('refused'))
    expect([...backend.peers].map(({ query }) => query.get('token'))).toEqual(['ada'])
    expect(await client.request('double', 21)).toBe(42)
    await expect(client.request('triple')).rejects.toMatchObject({ code: 'unknown-type' })
    const message = { type: 'room.message', room: '1', message: 'hi' }
    backend.toRoom('1', message)
    await until(() => expect(events).toEqual([['room.message', message]]))
    await expect(client.publish('room:1', 'said', 'hi')).rejects.toMatchObject({
      code: 'unsupported',
    })
    expect(errors).toEqual([])
  })

  it('shows a gap after the backend was killed, and goes on', async () => {
    const backend = await djangoBackend()
    const { client } = connect(backend.url, { dialect: django })
    const room = follow(new ChannelSubscriber(client), 'room:1')
    await room.subscription.ready
    await until(() => expect([...backend.peers][0]?.rooms.size).toBe(1))
    await backend.kill()
    await backend.restart()
    await until(() => expect(room.status()).toBe('gap'))
    await until(() => expect([...backend.peers][0]?.rooms.size).toBe(1))
    backend.toRoom('1', { type: 'room.message', room: '1' })
    await until(() => expect(room.events).toHaveLength(1))
  })
})

describe('a client of a server on ws', () => {
  it('greets with its token, answers pings, and counts its ids', async () => {
    const backend = await plainBackend()
    const { client, errors } = connect(backend.url, { dialect: plain, auth: () => 'ada' })
    const channels = new ChannelSubscriber(client)
    const lobby = follow(channels, 'lobby')
    await lobby.subscription.ready
    expect(client.userId).toBe('7')
    expect([...backend.peers].map(({ query }) => query.get('token'))).toEqual([null])
    await expect(follow(channels, 'secret').subscription.ready).rejects.toMatchObject({
      message: expect.stringContaining('Not yours.'),
    })
    expect(await client.request('double', 21)).toBe(42)
    await client.publish('lobby', 'said', 'hi')
    await until(() => expect(lobby.events).toEqual([['said', 'hi']]))
    expect(backend.received).toContainEqual({ op: 'pong', t: 1 })
    expect(errors).toEqual([])
    const refused = connect(backend.url, { dialect: plain, auth: () => 'wrong' })
    await expect(refused.client.connect()).rejects.toMatchObject({ code: 'failed' })
  })
})

describe('a client of AWS API Gateway', () => {
  it('selects routes, and reports a fault of the gateway', async () => {
    const backend = await gatewayBackend()
    const { client, errors } = connect(backend.url, { dialect: apiGateway })
    const orders = follow(new ChannelSubscriber(client), 'orders')
    await orders.subscription.ready
    expect(await client.request('double', 21)).toBe(42)
    await client.publish('orders', 'placed', { id: 1 })
    await until(() => expect(orders.events).toEqual([['placed', { id: 1 }]]))
    const failed = client.request('triple', 1, { timeoutMs: 500 })
    await expect(failed).rejects.toMatchObject({ code: 'request-timeout' })
    expect(errors).toMatchObject([
      { code: 'internal', message: expect.stringContaining('Internal server error') },
    ])
  })

  it('pings, so that the connection is known to live', async () => {
    const backend = await gatewayBackend()
    const { client } = connect(backend.url, { dialect: apiGateway, heartbeat: { intervalMs: 20 } })
    await client.connect()
    await until(() => expect(backend.received).toContainEqual({ action: 'ping' }))
    expect(client.state.get().name).toBe('open')
  })
})
