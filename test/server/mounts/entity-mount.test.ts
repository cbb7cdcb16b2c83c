import { describe, expect, it } from 'vitest'
import type { ChannelListener, RealtimeServerOptions } from 'wirefold/server'
import { dialectMount, entityMount, MemoryBroker, refuse } from 'wirefold/server'
import { entityServer } from '../../../src/dialects/entity/server.ts'
import { recordedSession } from '../../replay/session.ts'
import type { Message } from '../raw-client.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'
import { partsOf } from '../wired.ts'
import { ask, at, backend, connect, error } from './entity-clients.ts'

describe('a connection to the entity mount', () => {
  it('begins with the server’s `connected`, with the user of the token in the query', async () => {
    const served = await backend()
    const client = await RawClient.open(`${served.address}?token=ines`)
    const [{ id, dialect } = { id: '', dialect: '' }] = served.server.connections()
    expect(await client.next()).toEqual({
      type: 'connected',
      payload: { connectionId: id, userId: 'u-ines' },
      timestamp: at,
    })
    expect(dialect).toBe('entity')
  })

  it('gets the answers to messages without an id in their order, refusals too', async () => {
    const slow = deferred<boolean>()
    const served = await backend({
      authorize: (_user, channel) => (channel === 'slow' ? slow.promise : true),
      limits: { subscribesPerSecond: 1 },
    })
    const client = await connect(served, 'ines')
    for (const channel of ['slow', 'b', 'c']) client.send({ type: 'subscribe', channel })
    client.send({ type: 'subscribe' })
    client.send({ type: 'ping' })
    expect(await client.next()).toMatchObject({ type: 'pong' })
    slow.resolve(true)
    const subscribed = (channel: string) => ({ type: 'subscribed', channel })
    expect(await client.take(4)).toMatchObject([
      subscribed('slow'),
      subscribed('b'),
      { type: 'error', channel: 'c', payload: { code: 'RATE_LIMITED' } },
      { type: 'error', payload: { code: 'BAD_FRAME' } },
    ])
  })

  it('is anonymous without a token', async () => {
    const { address } = await backend()
    for (const url of [address, `${address}?token=`]) {
      const client = await RawClient.open(url)
      expect(await client.next()).toMatchObject({ type: 'connected', payload: { userId: null } })
    }
  })

  it('takes the token from nowhere but the query', async () => {
    const { address } = await backend()
    const client = await RawClient.open(address, { headers: { authorization: 'Bearer ines' } })
    expect(await client.next()).toMatchObject({ payload: { userId: null } })
    const hello = { type: 'hello', requestId: 'h', payload: { protocol: 1, token: 'ines' } }
    expect(await ask(client, hello)).toEqual(
      error('UNKNOWN_MESSAGE_TYPE', 'Unknown message type: hello', { requestId: 'h' }),
    )
  })

  it('with a bad token is refused, then closed with 4401', async () => {
    const { address } = await backend()
    const client = await RawClient.open(`${address}?token=bad`)
    expect(await client.next()).toEqual(error('UNAUTHENTICATED', expect.any(String)))
    expect((await client.closed).code).toBe(4401)
  })

  it('answers messages that were sent before its `connected` after it', async () => {
    const asked = deferred<null>()
    const served = await backend({ authenticate: () => asked.promise })
    const client = await RawClient.open(served.address)
    client.send({ type: 'subscribe', channel: 'entity:Task', requestId: 'req_123', timestamp: 1 })
    client.send({ type: 'ping', timestamp: 1 })
    asked.resolve(null)
    expect(await client.next()).toMatchObject({ type: 'connected' })
    const both = (await client.take(2)).map(({ type }) => type).sort()
    expect(both).toEqual(['pong', 'subscribed'])
  })

  it.each([
    ['carries out the messages of a client that closes it while', 'close', true, [1, 2]],
    ['drops the messages of a client that is refused after it has closed, as', 'close', false, []],
    ['drops the messages of a client whose connection was lost while', 'terminate', true, []],
  ] as const)('%s credentials are checked', async (_, end, valid, expected) => {
    const checked = deferred<{ readonly id: string } | undefined>()
    let checks = 0
    const served = await backend({
      authenticate: ({ token }) => {
        if (token === undefined) return null
        checks += 1
        return checked.promise
      },
    })
    const handled: unknown[] = []
    served.server.handle('note', (payload, { user }) => {
      handled.push([payload, user?.id])
    })
    const client = await RawClient.open(`${served.address}?token=ada`)
    for (const payload of [1, 2]) client.send({ type: 'note', payload })
    await expect.poll(() => checks).toBe(1)
    client.ws[end]()
    await expect.poll(() => served.server.stats().connections).toBe(0)
    checked.resolve(valid ? { id: 'ada' } : undefined)
    // Whatever the first client causes comes before the answer to the second one.
    const other = await connect(served)
    await ask(other, { type: 'note', requestId: 'last', payload: 3 })
    expect(handled).toEqual([...expected.map((payload) => [payload, 'ada']), [3, undefined]])
    expect(served.server.stats()).toMatchObject({ connections: 1, users: 0 })
  })

  it('survives messages that cannot be read, and answers each with an error', async () => {
    const client = await connect(await backend({ limits: { malformedPerMinute: 6 } }))
    for (const text of ['{', '[]', '{}', '{"type":"subscribe"}', '{"type":"presence:join"}']) {
      client.send(text)
      expect(await client.next()).toMatchObject({ type: 'error', payload: { code: 'BAD_FRAME' } })
    }
    expect(await ask(client, { type: 'ping', timestamp: 1 })).toEqual({
      type: 'pong',
      timestamp: at,
    })
    client.send('{')
    expect(await client.closed).toEqual({ code: 1008, reason: 'malformed frames' })
  })

  it('beyond the most of a user is closed with 4429, after which clients connect again', async () => {
    const served = await backend({ limits: { perUser: { connections: 1 } } })
    await connect(served, 'ines')
    const second = await RawClient.open(`${served.address}?token=ines`)
    expect((await second.closed).code).toBe(4429)
  })
})

describe('subscriptions at the entity mount', () => {
  it('are answered by their request id, and end with `unsubscribed`', async () => {
    const { server, ...served } = await backend()
    const client = await connect(served)
    const channel = 'entity:Task'
    const subscribe = { type: 'subscribe', channel, requestId: 'req_123', timestamp: 1 }
    const subscribed = { type: 'subscribed', channel, requestId: 'req_123', timestamp: at }
    expect(await ask(client, subscribe)).toEqual(subscribed)
    await server.publish(channel, 'entity:created', { id: '1', title: 'New task' })
    expect(await client.next()).toEqual({
      type: 'entity:created',
      channel,
      payload: { id: '1', title: 'New task' },
      timestamp: at,
    })
    expect(await ask(client, { ...subscribe, type: 'unsubscribe' })).toEqual({
      ...subscribed,
      type: 'unsubscribed',
    })
    await server.publish(channel, 'entity:created', { id: '2' })
    expect(await ask(client, { type: 'ping' })).toMatchObject({ type: 'pong' })
  })

  it('without request ids are answered in order, as requests are', async () => {
    const { server, ...served } = await backend()
    const slow = deferred<string>()
    server.handle('slow', () => slow.promise)
    server.handle('fast', () => 'second')
    const client = await connect(served)
    for (const message of [
      { type: 'subscribe', channel: 'a' },
      { type: 'slow' },
      { type: 'fast' },
      { type: 'missing' },
      { type: 'unsubscribe', channel: 'a' },
    ]) {
      client.send(message)
    }
    expect(await client.next()).toEqual({ type: 'subscribed', channel: 'a', timestamp: at })
    slow.resolve('first')
    expect(await client.take(4)).toEqual([
      { type: 'slow', payload: 'first', timestamp: at },
      { type: 'fast', payload: 'second', timestamp: at },
      error('UNKNOWN_MESSAGE_TYPE', 'Unknown message type: missing'),
      { type: 'unsubscribed', channel: 'a', timestamp: at },
    ])
  })

  it('are at most 50, where a repeated one counts once', async () => {
    const client = await connect(await backend())
    for (let n = 1; n <= 50; n += 1) {
      const subscribe = { type: 'subscribe', channel: `entity:Task:${n}`, requestId: `${n}` }
      expect(await ask(client, subscribe)).toMatchObject({ type: 'subscribed' })
    }
    const again = { type: 'subscribe', channel: 'entity:Task:1', requestId: 'again' }
    expect(await ask(client, again)).toMatchObject({ type: 'subscribed', requestId: 'again' })
    const requestId = 'l47'
    const refused = error('SUBSCRIPTION_LIMIT', 'Maximum 50 subscriptions allowed', { requestId })
    expect(await ask(client, { type: 'subscribe', channel: 'x', requestId })).toEqual(refused)
  })

  it('name the limit that the server has', async () => {
    const client = await connect(await backend({ limits: { subscriptions: 1 } }))
    await ask(client, { type: 'subscribe', channel: 'a' })
    expect(await ask(client, { type: 'subscribe', channel: 'b' })).toMatchObject({
      payload: { message: 'Maximum 1 subscriptions allowed' },
    })
  })

  it('are refused with FORBIDDEN where `authorize` denies them', async () => {
    const client = await connect(await backend({ authorize: (_user, channel) => channel === 'a' }))
    const subscribe = { type: 'subscribe', channel: 'b', requestId: 'r' }
    expect(await ask(client, subscribe)).toMatchObject({
      type: 'error',
      requestId: 'r',
      payload: { code: 'FORBIDDEN' },
    })
  })

  it('to a user’s channel are for that user, on all their connections', async () => {
    const { server, ...served } = await backend()
    const tabs = [await connect(served, 'ines'), await connect(served, 'ines')]
    const other = await connect(served, 'jon')
    const subscribe = { type: 'subscribe', channel: 'user:u-ines' }
    for (const tab of tabs) expect(await ask(tab, subscribe)).toMatchObject({ type: 'subscribed' })
    expect(await ask(other, subscribe)).toMatchObject({ payload: { code: 'FORBIDDEN' } })
    await server.sendToUser('u-ines', 'report:ready', { url: '/r/1' })
    for (const tab of tabs) expect(await tab.next()).toMatchObject({ type: 'report:ready' })
  })

  it('do not pass an event on that looks like the greeting of the server', async () => {
    const { server, ...served } = await backend()
    const client = await connect(served)
    await ask(client, { type: 'subscribe', channel: 'a' })
    await server.publish('a', 'connected', { userId: 'u-jon' })
    await server.publish('a', 'next')
    expect(await client.next()).toEqual({ type: 'next', channel: 'a', timestamp: at })
  })
})

describe('requests at the entity mount', () => {
  it('are answered with their type and id, and refused in the words of the backend', async () => {
    const { server, ...served } = await backend()
    server.handle('task:create', (payload) => ({ saved: payload }))
    server.handle('task:sell', () => {
      throw refuse('out-of-stock', 'Sold out.', { details: { left: 0 } })
    })
    const client = await connect(served)
    const request = { type: 'task:create', requestId: 'r1', payload: { title: 'x' } }
    const reply = { type: 'task:create', requestId: 'r1', payload: { saved: { title: 'x' } } }
    expect(await ask(client, request)).toEqual({ ...reply, timestamp: at })
    expect(await ask(client, { type: 'task:sell', requestId: 'r2' })).toEqual({
      type: 'error',
      requestId: 'r2',
      payload: { code: 'OUT_OF_STOCK', message: 'Sold out.', details: { left: 0 } },
      timestamp: at,
    })
  })

  it('with an id that another tab of the user has used are requests of their own', async () => {
    const { server, ...served } = await backend()
    let count = 0
    server.handle('count', (by: number) => {
      count += by
      return count
    })
    for (const by of [1, 2]) {
      const tab = await connect(served, 'ines')
      const request = { type: 'count', requestId: 'req_1', payload: by }
      expect(await ask(tab, request)).toMatchObject({ type: 'count', payload: by === 1 ? 1 : 3 })
    }
  })

  it('beyond the rate are refused with RATE_LIMITED, and again and again with 1008', async () => {
    const client = await connect(await backend({ limits: { messagesPerSecond: 1 } }))
    for (const requestId of ['1', '2']) await ask(client, { type: 'x', requestId })
    expect(await ask(client, { type: 'x', requestId: '3' })).toMatchObject({
      type: 'error',
      requestId: '3',
      payload: { code: 'RATE_LIMITED', message: 'Too many messages' },
    })
    for (let more = 0; more < 10; more++) client.send({ type: 'x', requestId: '4' })
    expect((await client.closed).code).toBe(1008)
  })
})

describe('a client of the entity mount, which cannot request missed events,', () => {
  /** A client on a socket that takes events or not, and the code with which it is closed. */
  function wired(options: RealtimeServerOptions = {}) {
    const { host, channels } = partsOf(options)
    const client = { channels, slow: false, closed: undefined as number | undefined, sent: '' }
    const socket = {
      bufferedAmount: 0,
      send: (text: string) => {
        client.sent += text
      },
      sendDroppable: () => !client.slow,
      close: (code: number) => {
        client.closed = code
      },
    }
    const request = { headers: {}, url: '/', query: new URLSearchParams(), params: new Map() }
    const drained = () => undefined
    const session = entityMount().open({ ...socket, drained }, request, host)
    session.text('{"type":"subscribe","channel":"a"}', 34)
    return client
  }

  it('is closed with 1013 when it is too slow for its events', async () => {
    const client = wired()
    await expect.poll(() => client.sent).toContain('"subscribed"')
    await client.channels.publish('a', 'x')
    expect(client.closed).toBeUndefined()
    client.slow = true
    await client.channels.publish('a', 'x')
    expect(client.closed).toBe(1013)
  })

  it('is closed with 1013 when the broker has lost events', async () => {
    const broker = new MemoryBroker()
    const listeners: ChannelListener[] = []
    const subscribe = broker.subscribe.bind(broker)
    broker.subscribe = (name, listener) => {
      if (name === 'a') listeners.push(listener)
      return subscribe(name, listener)
    }
    const client = wired({ broker })
    await expect.poll(() => client.sent).toContain('"subscribed"')
    const head = await broker.head('a')
    for (const { broken } of listeners) broken(head)
    expect(client.closed).toBeUndefined()
    for (const { broken } of listeners) broken({ ...head, offset: 5 })
    expect(client.closed).toBe(1013)
  })
})

describe('a recorded session of an entity backend', () => {
  /** The recording, without what differs at each run: ids, times, and the id of the connection. */
  const shape = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, field) =>
        ['timestamp', 'lastSeen', 'joinedAt', 'connectionId'].includes(key) ? `<${key}>` : field,
      ),
    )

  it('is played from a bare socket, with the recorded replies and events', async () => {
    const { server, ...served } = await backend()
    const jon = await connect(served, 'jon')
    const ines = await RawClient.open(`${served.address}?token=ines`)
    const seen: unknown[] = []
    const due: unknown[] = []
    for (const { dir, frame } of recordedSession('entity-realtime')) {
      const { type = '', channel = '', payload } = frame as Message
      if (dir === 'c2s') {
        ines.send(frame)
        continue
      }
      // Excerpts of longer sessions: a limit and a rate that this one does not reach, and an event
      // without a channel, where this server sends that of the user.
      if (type === 'error' || channel === '') {
        if (type !== 'connected' && type !== 'pong') continue
      }
      if (channel === 'user:u-ines') {
        expect(await ask(ines, { type: 'subscribe', channel })).toMatchObject({ channel })
      }
      if (type.startsWith('entity:')) await server.publish(channel, type, payload)
      const isJon = (payload as Message | undefined)?.userId === 'u-jon'
      if (isJon && type.startsWith('presence:')) {
        jon.send({ type, payload: { resource: 'workspace/tasks' } })
      }
      if (type === 'pong') {
        // The pong does not wait for the request that was sent before it.
        const both = [await ines.next(), await ines.next()]
        const isPong = (message: Message): boolean => message.type === 'pong'
        expect(both.find((message) => !isPong(message))).toEqual(cursorRefusal)
        seen.push(shape(both.find(isPong)))
      } else seen.push(shape(await ines.next()))
      due.push(shape(frame))
    }
    // Only a join says when a member came; the list does not.
    expect(seen).toEqual(due.map(withoutListedTimes))
    expect(due).toHaveLength(12)
  })

  const cursorRefusal = error('UNKNOWN_MESSAGE_TYPE', 'Unknown message type: cursor:move', {
    requestId: '$id:x1',
  })

  function withoutListedTimes(message: unknown): unknown {
    const { type, payload } = message as Message
    if (type !== 'presence:sync') return message
    const { users } = payload as { readonly users: readonly Record<string, unknown>[] }
    const listed = users.map(({ joinedAt: _joinedAt, ...user }) => user)
    return { ...(message as Message), payload: { users: listed } }
  }
})

describe('a mount of a dialect without a hello', () => {
  it('takes the token from where it says, and leaves a cookie to `authenticate`', async () => {
    const { server, port } = await serve({
      authenticate: ({ token, headers }) => ({ id: token ?? headers.cookie ?? '' }),
    })
    server.mount(
      '/path/:token',
      dialectMount(entityServer, { token: ({ params }) => params.get('token') }),
    )
    server.mount('/cookie', dialectMount(entityServer, { token: () => undefined }))
    const base = `ws://127.0.0.1:${port}`
    const one = await RawClient.open(`${base}/path/ines?token=jon`)
    expect(await one.next()).toMatchObject({ payload: { userId: 'ines' } })
    const two = await RawClient.open(`${base}/cookie?token=jon`, { headers: { cookie: 'ines' } })
    expect(await two.next()).toMatchObject({ payload: { userId: 'ines' } })
  })
})

it.each([{ type: 'a\ud800' }, { type: 'a', requestId: '\ud800' }, { type: 'x'.repeat(129) }])(
  'an entity client gets no request through whose type or id is not a valid name: %#',
  (wire) => {
    expect(entityServer.decode(wire)).toMatchObject([{ kind: 'malformed' }])
    expect(entityServer.decode({ type: 'a😀', requestId: '😀' })).toMatchObject([
      { kind: 'request' },
    ])
  },
)
