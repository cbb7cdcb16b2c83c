import { describe, expect, it, onTestFinished } from 'vitest'
import type { PluginServer, RealtimeServerOptions } from 'wirefold/server'
import {
  chatPlugin,
  MemoryBroker,
  notificationsPlugin,
  presencePlugin,
  streamsMount,
} from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { recordedSession } from '../../replay/session.ts'
import { RawClient, serve } from '../raw-client.ts'

/** A server with the plugins of this package, where a cookie names the user. */
async function backend(options: RealtimeServerOptions = {}) {
  const served = await serve({
    authenticate({ headers }) {
      const name = /user=(\w+)/.exec(headers.cookie ?? '')?.[1]
      return name === undefined ? null : { id: `u-${name}`, name }
    },
    presence: { graceMs: 0 },
    ...options,
  })
  const plugins = [chatPlugin(), presencePlugin(), notificationsPlugin()]
  served.server.mount('/websocket', streamsMount({ plugins }))
  /** Opens a connection with one plugin, or several in this order. */
  const open = (user: string | undefined, stream: string, strategy: string, ...names: string[]) => {
    const clients = names.map((name) => ({ name, stream: `${stream}:${name}`, strategy }))
    return RawClient.open(
      `ws://127.0.0.1:${served.port}/websocket?${new URLSearchParams({ clients: JSON.stringify(clients) })}`,
      user === undefined ? {} : { headers: { cookie: `user=${user}` } },
    )
  }
  /** Opens the notifications of a user after a message. */
  const resume = (user: string, lastSeen: unknown) => {
    const one = { name: 'notifications', stream: 'a:notifications', strategy: 'streams', lastSeen }
    const query = new URLSearchParams({ clients: JSON.stringify(one) })
    const headers = { cookie: `user=${user}` }
    return RawClient.open(`ws://127.0.0.1:${served.port}/websocket?${query}`, { headers })
  }
  const joined = (channel: string, count: number) =>
    expect.poll(() => served.server.channels.members(channel)).toHaveLength(count)
  return { ...served, open, resume, joined }
}

describe.each([
  ['streams', 'stream:77'],
  ['pub-sub', 'stream:124'],
])('the recorded session of a plugin backend, under the strategy %s', (strategy, stream) => {
  it('is what a bare socket receives', async () => {
    const { server, open, joined } = await backend()
    const other = await open('other', stream, strategy, 'chat')
    await other.next()
    const nora = await open('nora', stream, strategy, 'presence')
    const lines = recordedSession('plugin-streams').filter(({ frame }) =>
      String(frame.stream).startsWith(stream),
    )
    const talk = await open('nora', stream, strategy, 'chat')
    const news = await open('nora', stream, strategy, 'notifications')
    await joined('user:u-nora', 1)
    for (const { dir, frame } of lines) {
      const { type, message } = frame
      const to = /:presence$/.test(String(frame.stream))
        ? nora
        : type === 'notification'
          ? news
          : talk
      if (dir === 'c2s') {
        to.send(frame)
        continue
      }
      if (type === 'message' && strategy === 'pub-sub') {
        talk.send({ type: 'chat', stream: frame.stream, message })
      }
      if (type === 'notification') {
        const { level } = frame
        await server.sendToUser('u-nora', 'notification', { message, level })
      }
      if (type === 'disconnect') other.ws.close()
      if (type === 'reload') await server.publish(String(frame.stream), 'reload')
      const { id, ...received } = await to.next()
      expect(received).toEqual(
        expect.objectContaining(
          Object.fromEntries(Object.entries(frame).filter(([n]) => n !== 'id')),
        ),
      )
      const hasId = strategy === 'streams' && type !== 'presence'
      expect(id).toEqual(hasId ? expect.stringMatching(/^\d+-\d+$/) : undefined)
    }
    expect([talk, news].flatMap(({ texts }) => texts)).toEqual([])
  })
})

describe('the plugin chat', () => {
  it('says who came and who left, also after a lost connection and at the end of the server', async () => {
    const broker = new MemoryBroker()
    const { server, open } = await backend({ broker })
    const listener = await open('ada', 'a', 'pub-sub', 'chat')
    const jon = await open('jon', 'a', 'pub-sub', 'chat')
    jon.send({ type: 'chat', stream: 'a:chat', message: 'hello' })
    jon.send({ type: 'other', stream: 'a:chat', message: 'not a chat' })
    jon.send({ type: 'chat', stream: 'a:chat', message: { not: 'text' } })
    const heard = await listener.take(3)
    jon.ws.terminate()
    heard.push(await listener.next())
    expect(heard.map(({ type, username, message }) => [type, username, message])).toEqual([
      ['connect', 'ada', 'ada joined'],
      ['connect', 'jon', 'jon joined'],
      ['message', 'jon', 'hello'],
      ['disconnect', 'jon', 'jon left'],
    ])
    await server.close()
    const head = await broker.head('a:chat')
    const { events } = await broker.since('a:chat', { ...head, offset: head.offset - 1 })
    expect(events.map(({ type, payload }) => [type, payload])).toEqual([
      ['disconnect', { username: 'ada', message: 'ada left' }],
    ])
    await broker.close()
  })

  it('sends messages in the order of their publishing, which the history has', async () => {
    const { server, open } = await backend()
    const client = await open('ada', 'a', 'streams', 'chat')
    await client.next()
    for (let n = 0; n < 20; n++) client.send({ type: 'chat', stream: 'a:chat', message: `${n}` })
    const heard = await client.take(20)
    expect(heard.map(({ message }) => message)).toEqual([...Array(20).keys()].map(String))
    expect(await server.channels.head('a:chat')).toMatchObject({ offset: 21 })
  })
})

describe('the plugin presence', () => {
  it('lists each user once, in the order of joining, until the last tab is gone', async () => {
    const { open } = await backend()
    const ada = await open('ada', 'a', 'pub-sub', 'presence')
    const list = async () => (await ada.next()).message
    expect(await list()).toEqual(['ada'])
    const first = await open('jon', 'a', 'pub-sub', 'presence')
    expect(await list()).toEqual(['ada', 'jon'])
    expect(await first.next()).toEqual({
      ...{ type: 'presence', stream: 'a:presence', message: ['ada', 'jon'] },
    })
    const second = await open('jon', 'a', 'pub-sub', 'presence')
    expect((await second.next()).message).toEqual(['ada', 'jon'])
    first.ws.terminate()
    const eve = await open('eve', 'a', 'pub-sub', 'presence')
    expect(await list()).toEqual(['ada', 'jon', 'eve'])
    second.ws.close()
    expect(await list()).toEqual(['ada', 'eve'])
    eve.ws.close()
    expect(await list()).toEqual(['ada'])
  })

  it('shows an anonymous client the list, and does not list it', async () => {
    const { open } = await backend()
    const ada = await open('ada', 'a', 'streams', 'presence')
    expect((await ada.next()).message).toEqual(['ada'])
    const watcher = await open(undefined, 'a', 'streams', 'presence')
    expect((await watcher.next()).message).toEqual(['ada'])
    expect(ada.texts).toEqual([])
  })

  it('hides the users that `canSee` hides', async () => {
    const { open } = await backend({ canSee: (_viewer, { id }) => id !== 'u-spy' })
    const ada = await open('ada', 'a', 'pub-sub', 'presence')
    await ada.next()
    const spy = await open('spy', 'a', 'pub-sub', 'presence')
    expect((await spy.next()).message).toEqual(['ada', 'spy'])
    await open('jon', 'a', 'pub-sub', 'presence')
    expect((await ada.next()).message).toEqual(['ada', 'jon'])
  })

  it('shares its members with clients of other dialects', async () => {
    const { server, open, url } = await backend({
      authenticate: ({ headers, token }) => {
        const name = token ?? /user=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? 'x'
        return { id: `u-${name}`, name }
      },
    })
    const ada = await open('ada', 'a', 'pub-sub', 'presence')
    await ada.next()
    const native = await RawClient.greeted(url, { token: 'jon' })
    native.send({ type: 'presence:join', channel: 'presence:a:presence', requestId: 'j' })
    expect((await ada.next()).message).toEqual(['ada', 'jon'])
    expect(await server.presence.getPresent('a:presence')).toHaveLength(2)
    const own: PluginServer = server
    expect(own.channels.members('presence:a:presence')).toHaveLength(1)
  })
})

describe('the plugin notifications', () => {
  it.each(['pub-sub', 'streams'])(
    'reaches all tabs of the addressee only (%s)',
    async (strategy) => {
      const { server, open, joined } = await backend()
      const tabs = [
        await open('nora', 'a', strategy, 'notifications'),
        await open('nora', 'a', strategy, 'notifications'),
      ]
      const jon = await open('jon', 'a', strategy, 'notifications')
      const anonymous = await open(undefined, 'a', strategy, 'notifications')
      await joined('user:u-nora', 2)
      await joined('user:u-jon', 1)
      await joined('a:notifications', 4)
      await server.sendToUser('u-nora', 'other', {})
      await server.sendToUser('u-nora', 'notification', {
        message: 'elsewhere',
        stream: 'b:notifications',
      })
      await server.sendToUser('u-nora', 'notification', { message: 'mention', level: 'info' })
      for (const tab of tabs) {
        const own = await tab.next()
        expect(own).toMatchObject({
          ...{ type: 'notification', stream: 'a:notifications', message: 'mention', level: 'info' },
        })
        expect(typeof own.id).toBe(strategy === 'streams' ? 'string' : 'undefined')
      }
      await server.publish('a:notifications', 'notification', { message: 'for all' })
      for (const client of [...tabs, jon, anonymous]) {
        expect(await client.next()).toMatchObject({ message: 'for all' })
      }
    },
  )

  it('brings those that came while the user was away, under the strategy streams', async () => {
    const { server, open, resume, joined } = await backend()
    const client = await open('nora', 'a', 'streams', 'notifications')
    await joined('user:u-nora', 1)
    await server.sendToUser('u-nora', 'notification', { message: '1' })
    const { id: lastSeen } = await client.next()
    client.ws.terminate()
    await joined('user:u-nora', 0)
    await server.sendToUser('u-nora', 'notification', { message: '2' })
    const again = await resume('nora', lastSeen)
    expect(await again.next()).toMatchObject({ message: '2' })
    expect(again.texts).toEqual([])
  })

  it('brings more than 1,000 at once, of a replay or live', async () => {
    const { server, open, resume, joined } = await backend()
    const client = await open('nora', 'a', 'streams', 'notifications')
    await joined('user:u-nora', 1)
    const send = (n: number) => server.sendToUser('u-nora', 'notification', { message: `${n}` })
    await send(0)
    const { id: lastSeen } = await client.next()
    const burst = [...Array(1_200).keys()].map((n) => n + 1)
    await Promise.all(burst.map(send))
    const texts = burst.map(String)
    expect((await client.take(1_200)).map(({ message }) => message)).toEqual(texts)
    const again = await resume('nora', lastSeen)
    expect((await again.take(1_200)).map(({ message }) => message)).toEqual(texts)
  })

  it('gives those of the user and those for all ids of their own, also in one millisecond', async () => {
    const clock = new ManualClock(1_000)
    const { server, open, resume, joined } = await backend({ clock })
    const client = await open('nora', 'a', 'streams', 'notifications')
    await joined('user:u-nora', 1)
    const own = (message: string) => server.sendToUser('u-nora', 'notification', { message })
    const forAll = (message: string) =>
      server.publish('a:notifications', 'notification', { message })
    await own('1')
    await forAll('2')
    const seen = (await client.take(2)).map(({ id }) => String(id))
    expect(new Set(seen).size).toBe(2)
    client.ws.terminate()
    await joined('user:u-nora', 0)
    await own('3')
    await forAll('4')
    for (const lastSeen of seen) {
      const again = await resume('nora', lastSeen)
      const missed: unknown[] = []
      while (missed.length < 2) {
        const { id, message } = await again.next()
        if (!seen.includes(String(id))) missed.push(message)
      }
      expect(missed.sort()).toEqual(['3', '4'])
    }
  })

  it('brings those of the user after one for all, where the history has lost the first ones', async () => {
    const clock = new ManualClock(1_000)
    const broker = new MemoryBroker({ clock, history: { keepMs: 60_000 } })
    onTestFinished(() => broker.close())
    const { server, resume } = await backend({ clock, broker })
    const own = (message: string) => server.sendToUser('u-nora', 'notification', { message })
    await own('lost')
    await clock.advance(60_000)
    await own('old')
    await clock.advance(1)
    for (let n = 0; n < 20; n++) await server.publish('a:notifications', 'notification', {})
    await clock.advance(1)
    await own('new')
    const client = await resume('nora', '61001-20')
    expect(await client.next()).toMatchObject({ message: 'new' })
  })
})
