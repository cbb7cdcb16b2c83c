import { describe, expect, it, onTestFinished } from 'vitest'
import {
  chatPlugin,
  definePlugin,
  MemoryBroker,
  presencePlugin,
  streamsMount,
} from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { deferred } from '../raw-client.ts'
import { backend, chat, recorder, said } from './streams-backend.ts'

describe('a plugin', () => {
  it('is initialized, opened, given the messages of its stream, and closed', async () => {
    const [own, other] = [recorder('chat'), recorder('other')]
    const { open, server } = await backend({ plugins: [own.plugin, other.plugin] })
    const client = await open([chat, { ...chat, name: 'other', stream: 'stream:1:other' }])
    client.send({ type: 'vote', stream: 'stream:1:chat', message: 1 })
    // A message without a stream is for the plugin that its type names.
    client.send({ type: 'other', message: 2 })
    client.send({ type: 'vote', stream: 'stream:1:nowhere', message: 3 })
    await expect.poll(() => other.calls).toHaveLength(3)
    client.ws.close()
    await expect.poll(() => server.stats().connections).toBe(0)
    expect(own.calls).toEqual(['init', 'open', ['vote', 1], 'close: the connection was lost'])
    expect(other.calls).toEqual(['init', 'open', ['other', 2], 'close: the connection was lost'])
  })

  it('gets the messages of a connection one after the other, also before it is open', async () => {
    const opened = deferred<void>()
    const steps = [deferred<void>(), deferred<void>()]
    const { plugin, calls } = recorder('chat', {
      open: () => opened.promise,
      async message(_, { message }) {
        calls.push(`${message} begins`)
        await steps[Number(message)]?.promise
        calls.push(`${message} ends`)
      },
    })
    const { open, server } = await backend({ plugins: [plugin] })
    const client = await open([chat])
    for (const message of [0, 1]) client.send({ type: 'chat', message, stream: 'stream:1:chat' })
    await expect.poll(() => server.stats().received).toBeGreaterThanOrEqual(2)
    expect(calls).toEqual(['init'])
    opened.resolve()
    await expect.poll(() => calls).toEqual(['init', '0 begins'])
    for (const { resolve } of steps) resolve()
    await expect.poll(() => calls).toEqual(['init', '0 begins', '0 ends', '1 begins', '1 ends'])
  })

  it('gets all messages that came before a clean close, also while it was subscribing', async () => {
    const permission = deferred<boolean>()
    const { plugin, calls } = recorder('poll', {
      async message(_, { message }) {
        await new Promise((resolve) => setTimeout(resolve, 1))
        calls.push(message)
      },
    })
    const { open, server } = await backend(
      { plugins: [chatPlugin(), plugin] },
      { authorize: (_user, channel) => (channel.includes('chat') ? permission.promise : true) },
    )
    const poll = { ...chat, name: 'poll', stream: 'stream:1:poll' }
    const client = await open([poll, chat])
    await expect.poll(() => calls).toEqual(['init', 'open'])
    client.send({ type: 'chat', stream: 'stream:1:chat', message: 'hello' })
    for (const message of [1, 2, 3]) client.send({ type: 'x', stream: 'stream:1:poll', message })
    client.ws.close(1000)
    await expect.poll(() => server.stats().connections).toBe(0)
    await expect.poll(() => calls).toHaveLength(6)
    expect(calls).toEqual(['init', 'open', 1, 2, 3, 'close: the connection was lost'])
    permission.resolve(true)
    const types = async () => {
      const { epoch } = await server.channels.head('stream:1:chat')
      const { events } = await server.channels.history('stream:1:chat', { epoch, offset: 0 })
      return events.map(({ type }) => type)
    }
    await expect.poll(types).toEqual(['connect', 'message', 'disconnect'])
    expect(server.stats()).toMatchObject({ channels: 0, subscriptions: 0 })
  })

  it.each([
    ['is refused', () => false, true],
    ['has sent nothing', () => true, false],
  ])('does not start for a connection that has closed meanwhile and %s', async (_, may, sends) => {
    const permission = deferred<boolean>()
    const { plugin, calls } = recorder('chat')
    let asked = 0
    const { open, server } = await backend(
      { plugins: [plugin] },
      { authorize: () => (asked++ ? may() : permission.promise) },
    )
    const client = await open([chat])
    if (sends) client.send({ type: 'chat', stream: 'stream:1:chat', message: 'hello' })
    client.ws.close(1000)
    await expect.poll(() => server.stats().connections).toBe(0)
    permission.resolve(true)
    await expect.poll(() => asked).toBe(sends ? 2 : 1)
    await new Promise(setImmediate)
    expect(calls).toEqual([])
  })

  it('that throws is reported, and stops no other one, nor its own next message', async () => {
    const { plugin, calls } = recorder('faulty', {
      open: () => Promise.reject(new Error('no room')),
      message(_, { message }) {
        calls.push(message)
        throw new Error('no number')
      },
    })
    const broken = recorder('broken', { init: () => Promise.reject(new Error('no database')) })
    const { open, errors, server } = await backend({
      plugins: [chatPlugin(), plugin, broken.plugin],
    })
    const of = (name: string) => ({ ...chat, name, stream: `stream:1:${name}` })
    const client = await open([of('broken'), of('faulty'), chat])
    expect(await said(client)).toEqual(['connect', 'nora joined'])
    for (const message of [1, 2]) client.send({ type: 'x', stream: 'stream:1:faulty', message })
    client.send({ type: 'x', stream: 'stream:1:broken', message: 3 })
    await expect.poll(() => errors).toHaveLength(4)
    expect(calls).toEqual(['init', 1, 2])
    expect(broken.calls).toEqual([])
    const where = (error: unknown) => (error as { detail: { where: string } }).detail.where
    expect(errors.map(where).sort()).toEqual([
      'plugin broken, init',
      'plugin faulty, message',
      'plugin faulty, message',
      'plugin faulty, open',
    ])
    expect(server.channels.members('stream:1:broken')).toEqual([])
  })

  it('whose `init` throws leaves the channels that another one uses', async () => {
    const follower = definePlugin({
      name: 'follower',
      open: ({ follow, send }) => follow('news', ({ type }) => send(type)),
    })
    const failing = (name: string) =>
      definePlugin({
        name,
        serves: () => true,
        async init({ follow }) {
          await follow('news', () => {})
          await follow('other', () => {})
          throw new Error('no database')
        },
      })
    const { open, server, errors } = await backend({
      plugins: [chatPlugin(), follower, failing('first'), failing('last')],
    })
    const client = await open([
      { ...chat, name: 'first' },
      chat,
      { ...chat, name: 'follower', stream: 'a:follower' },
      { ...chat, name: 'last', stream: 'stream:1:last' },
      { ...chat, name: 'last' },
    ])
    expect(await said(client)).toEqual(['connect', 'nora joined'])
    await expect.poll(() => errors).toHaveLength(3)
    await expect
      .poll(() => server.connections()[0]?.channels)
      .toEqual(expect.not.arrayContaining(['other', 'stream:1:last']))
    client.send({ type: 'chat', stream: 'stream:1:chat', message: 'hello' })
    expect(await said(client)).toEqual(['message', 'hello'])
    await server.publish('news', 'headline')
    expect(await client.next()).toEqual({ type: 'headline', stream: 'a:follower' })
  })

  it('has one context per connection: it sends, publishes, follows and closes with it', async () => {
    const contexts = new Set<unknown>()
    const plugin = definePlugin({
      name: 'echo',
      async open(context) {
        contexts.add(context)
        const { send, follow, socket, name, strategy, user, broker, stream } = context
        send('about', { name, strategy, user, id: socket.id, stored: typeof broker.publish })
        await follow('news', ({ type, payload, id }) => send(type, { payload, stream }, id))
      },
      async message(context, { message }) {
        contexts.add(context)
        const { publish, server, socket } = context
        if (message === 'close') return socket.close(4000, 'done')
        await publish('echo', { message })
        await server.publish('news', 'headline', message)
      },
    })
    const { open, server } = await backend({ plugins: [plugin] })
    const client = await open([{ name: 'echo', stream: 'a:echo', strategy: 'streams' }])
    const [{ id } = { id: '' }] = server.connections()
    const stream = 'a:echo'
    expect(await client.next()).toEqual({
      ...{ type: 'about', stream, name: 'echo', strategy: 'streams', id, stored: 'function' },
      user: { id: 'u-nora', name: 'nora' },
    })
    await expect.poll(() => server.channels.members('news')).toHaveLength(1)
    client.send({ type: 'say', stream, message: 'hi' })
    expect(await client.take(2)).toEqual([
      { type: 'echo', stream, message: 'hi', id: expect.stringMatching(/^\d+-1$/) },
      { type: 'headline', stream, payload: 'hi', id: expect.stringMatching(/^\d+-100000000001$/) },
    ])
    client.send({ type: 'say', stream, message: 'close' })
    expect(await client.closed).toEqual({ code: 4000, reason: 'done' })
    expect(contexts.size).toBe(1)
  })

  it('may follow what its user may subscribe to, and nothing else', async () => {
    const followed: unknown[] = []
    const plugin = definePlugin({
      name: 'spy',
      async open({ follow }) {
        for (const name of ['user:u-nora', 'user:u-jon']) {
          followed.push(await follow(name, () => {}))
        }
      },
    })
    const { open } = await backend({ plugins: [plugin] })
    await open([{ name: 'spy', stream: 'a:spy', strategy: 'pub-sub' }])
    await expect.poll(() => followed).toEqual([true, false])
  })

  it('ends once its stream is revoked; without another one the connection does', async () => {
    const { plugin, calls } = recorder('poll')
    const { open, server, errors } = await backend({
      plugins: [chatPlugin(), presencePlugin(), plugin],
    })
    const of = (name: string) => ({ ...chat, name, stream: `stream:1:${name}` })
    const client = await open([of('chat'), of('presence'), of('poll')])
    await client.take(2)
    await expect.poll(() => calls).toHaveLength(2)
    client.send({ type: 'vote', stream: 'stream:1:poll', message: 1 })
    await expect.poll(() => calls).toHaveLength(3)
    for (const name of ['chat', 'presence']) server.revokeUser('u-nora', `stream:1:${name}`)
    client.send({ type: 'chat', stream: 'stream:1:chat', message: 'hello' })
    client.send({ type: 'vote', stream: 'stream:1:poll', message: 2 })
    await expect.poll(() => calls).toHaveLength(4)
    expect(server.connections()[0]?.channels).toEqual(['stream:1:poll'])
    await expect.poll(() => server.presence.getPresent('stream:1:presence')).toEqual([])
    server.revokeUser('u-nora', 'stream:1:poll')
    expect(await client.closed).toEqual({ code: 4403, reason: 'forbidden' })
    await expect.poll(() => calls.at(-1)).toBe('close: forbidden')
    expect(calls).toHaveLength(5)
    expect(client.texts).toEqual([])
    // The user did not leave by herself, and may publish nothing.
    expect(await server.channels.head('stream:1:chat')).toMatchObject({ offset: 1 })
    expect(errors).toEqual([])
  })

  it('that does not keep up with a client ends the connection with 1013', async () => {
    const { plugin } = recorder('chat', { message: () => new Promise(() => {}) })
    const limits = {
      messagesPerSecond: Number.POSITIVE_INFINITY,
      perUser: { messagesPerSecond: 1e9 },
    }
    const { open } = await backend({ plugins: [plugin] }, { limits })
    const client = await open([chat])
    for (let n = 0; n < 1_100; n++)
      client.send({ type: 'chat', stream: 'stream:1:chat', message: n })
    expect((await client.closed).code).toBe(1013)
  })

  it('runs its last step before the server has closed', async () => {
    const broker = new MemoryBroker()
    onTestFinished(() => broker.close())
    const reasons: string[] = []
    const slow = recorder('slow', {
      async close({ publish }, reason) {
        reasons.push(reason)
        await new Promise((resolve) => setTimeout(resolve, 20))
        await publish('left')
      },
    })
    const { open, server } = await backend({ plugins: [slow.plugin] }, { broker })
    await open([{ name: 'slow', stream: 'a:slow', strategy: 'streams' }])
    await expect.poll(() => slow.calls).toHaveLength(2)
    await server.close()
    expect(await broker.head('a:slow')).toMatchObject({ offset: 1 })
    expect(reasons).toEqual([expect.stringContaining('clos')])
  })

  it('delays the end of the server by no more than 5 s', async () => {
    const clock = new ManualClock()
    const { plugin, calls } = recorder('chat', { close: () => new Promise(() => {}) })
    const { open, server } = await backend({ plugins: [plugin] }, { clock })
    await open([chat])
    await expect.poll(() => calls).toHaveLength(2)
    let ended = false
    const end = server.close().then(() => {
      ended = true
    })
    await expect.poll(() => server.stats().connections).toBe(0)
    await new Promise(setImmediate)
    await clock.advance(4_999)
    expect(ended).toBe(false)
    await clock.advance(1)
    await end
  })

  it('can be replaced by handlers of the application', async () => {
    const { open, server } = await backend({ plugins: [definePlugin({ name: 'poll' })] })
    server.handle('vote', (choice: string, { channel = '', user, publish }) =>
      publish(channel.replace('votes', 'poll'), 'voted', { choice, by: user?.name }),
    )
    const client = await open([{ name: 'poll', stream: 'a:poll', strategy: 'pub-sub' }])
    await expect.poll(() => server.channels.members('a:poll')).toHaveLength(1)
    client.send({ type: 'vote', stream: 'a:votes', message: 'tea' })
    expect(await client.next()).toEqual({
      ...{ type: 'voted', stream: 'a:poll', choice: 'tea', by: 'nora' },
    })
  })

  it('has a name of its own at its mount', () => {
    expect(() => streamsMount({ plugins: [chatPlugin(), chatPlugin()] })).toThrow(/same name/)
  })
})
