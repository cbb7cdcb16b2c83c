import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, webSocketTransport } from 'wirefold'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'
import { duui } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { engineIo } from 'wirefold/dialects/socketio'
import {
  chat,
  createStreamClient,
  notifications,
  presence,
  streamPlugin,
} from 'wirefold/dialects/streams'
import {
  topics,
  withConfirmations,
  withErrors,
  withVersionedEnvelope,
} from 'wirefold/dialects/topics'
import type { RealtimeServerOptions } from 'wirefold/server'
import {
  chatPlugin,
  definePlugin,
  duuiMount,
  entityMount,
  notificationsPlugin,
  presencePlugin,
  socketioMount,
  streamsMount,
  topicsMount,
} from 'wirefold/server'
import { WebSocket } from 'ws'
import { connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

/** The user `u-<name>` of a token or cookie that is a name; `bad` is none. */
function userOf(name: string | undefined) {
  return name === undefined || name === 'bad' ? undefined : { id: `u-${name}`, name }
}

/** A server with a mount for every dialect. */
async function backend(options: RealtimeServerOptions = {}) {
  const { server, url, port } = await serve({
    authenticate: ({ token, headers }) => userOf(token ?? headers.cookie?.split('=')[1]),
    presence: { graceMs: 0 },
    ...options,
  })
  const gateway = duuiMount()
  const watch = definePlugin({ name: 'watch', serves: () => true })
  server.mount('/ws/processes/:id/events', gateway)
  server.mount('/api/realtime', entityMount())
  server.mount('/api/ws/v2', topicsMount())
  server.mount(
    '/websocket',
    streamsMount({ plugins: [watch, chatPlugin(), presencePlugin(), notificationsPlugin()] }),
  )
  server.mount('/socket.io/', socketioMount())
  return { server, gateway, url, port, address: `ws://127.0.0.1:${port}` }
}

type Backend = Awaited<ReturnType<typeof backend>>

/** A WebSocket as a page opens it that has a session cookie. */
const withCookie = (user: string) =>
  class extends WebSocket {
    constructor(url: string, protocols: string[] = []) {
      super(url, protocols, { headers: { cookie: `user=${user}` } })
    }
  }

/** A client that watches one channel, and all that it receives there. */
interface Watcher {
  readonly seen: unknown[]
  readonly ready: Promise<unknown>
  readonly failed: Promise<unknown>
}

/** Watches a channel with a client of the given options. */
function watchWith(url: string, options: ClientOptions, channel: string): Watcher {
  const { client } = connect(url, options)
  const seen: unknown[] = []
  const failed = new Promise((resolve) => {
    client.on('failed', ({ detail }) => resolve(Object(detail).closeCode))
  })
  const channels = new ChannelSubscriber(client)
  const { ready } = channels.subscribe(channel, (payload, { type }) => seen.push([type, payload]), {
    onError: () => {},
  })
  ready.catch(() => {})
  return { seen, ready, failed }
}

/** Watches with a plugin of a stream client: its stream is the channel. */
function watchStream({ address, server }: Backend, user: string, channel: string): Watcher {
  const seen: unknown[] = []
  const watch = streamPlugin(
    'watch',
    { stream: channel, strategy: 'streams' },
    ({ follow, store }) => {
      follow(({ type, payload }) => {
        const { type: _, stream: __, id: ___, ...fields } = Object(payload)
        seen.push([type, fields])
      })
      return { store: store(0) }
    },
  )
  const api = createStreamClient({
    ...{ url: `${address}/websocket`, WebSocket: withCookie(user), stream: 'a', clients: [watch] },
  })
  onTestFinished(() => api.close())
  const failed = new Promise((resolve) => {
    api.client.on('failed', ({ detail }) => resolve(Object(detail).closeCode))
  })
  api.client.connect().catch(() => {})
  const live = () =>
    server.connections().some((one) => one.dialect === 'streams' && one.channels.includes(channel))
  return {
    seen,
    failed,
    // Asked for only where the plugin may run.
    get ready() {
      return until(() => expect(live()).toBe(true))
    },
  }
}

const flat = withErrors(withConfirmations(topics))

/** Makes a watcher of each dialect that can name the channel. */
const watchers: Readonly<Record<string, (at: Backend, user: string, channel: string) => Watcher>> =
  {
    native: ({ url }, user, channel) => watchWith(url, { auth: () => user }, channel),
    entity: ({ address }, user, channel) =>
      watchWith(`${address}/api/realtime`, { dialect: entity, auth: () => user }, channel),
    'topics, flat': ({ address }, user, channel) =>
      watchWith(`${address}/api/ws/v2`, { dialect: flat, auth: () => user }, channel),
    'topics, versioned': ({ address }, user, channel) => {
      const dialect = withVersionedEnvelope(flat)
      return watchWith(`${address}/api/ws/v2`, { dialect, auth: () => user }, channel)
    },
    streams: watchStream,
    socketio: ({ address }, user, channel) =>
      watchWith(address, { ...engineIo(webSocketTransport(WebSocket)), auth: () => user }, channel),
  }

/** Watches a session with a stock client of Socket.IO. */
function watchStock({ port }: Backend, sessionId: string, token = 'stock') {
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], auth: { token } })
  onTestFinished(() => void socket.close())
  const seen: unknown[] = []
  socket.on('progress', ({ progress }) => seen.push(['progress', { progress }]))
  socket.on('connect', () => socket.emit('subscribe', sessionId))
  const ready = new Promise((resolve) => socket.on('subscribed', resolve))
  return { socket, seen, ready }
}

/** Returns a received event without the fields that Socket.IO's sessions add. */
const bare = (seen: readonly unknown[]) =>
  seen.map((one) => {
    const [type, payload] = one as [string, Record<string, unknown>]
    const { sessionId: _, timestamp: __, ...fields } = payload
    return [type, fields]
  })

async function allReceive(at: readonly Backend[], publish: () => Promise<unknown>) {
  const dialects = at.flatMap((one) =>
    Object.entries(watchers).map(
      ([name, watch]) => [name, watch(one, 'ada', 'session:1')] as const,
    ),
  )
  const stock = at.map((one) => watchStock(one, '1'))
  await Promise.all([...dialects.map(([, { ready }]) => ready), ...stock.map(({ ready }) => ready)])
  await publish()
  const due = [['progress', { progress: 40 }]]
  for (const [name, { seen }] of dialects)
    await until(() => expect([name, bare(seen)]).toEqual([name, due]))
  for (const { seen } of stock) await until(() => expect(seen).toEqual(due))
}

describe('clients of every dialect on one server', () => {
  it('receive an event that is published once, each once', async () => {
    const at = await backend()
    await allReceive([at], () => at.server.publish('session:1', 'progress', { progress: 40 }))
    expect(new Set(at.server.connections().map(({ dialect }) => dialect))).toEqual(
      new Set(['native', 'entity', 'topics', 'streams', 'socketio']),
    )
    expect(at.server.stats()).toMatchObject({ connections: 7 })
  })

  it('receive an envelope of a gateway, where they can name its channel', async () => {
    const at = await backend()
    const about = { event_id: '1', status: 'Idle', thread: 'main' } as const
    const context = { ...about, kind: 'DriverContext', driver: 'DUUIDockerDriver' } as const
    const head = { _id: 'p1_1', process_id: 'p1', sender: null, message: '' } as const
    const event = { ...head, level: 'INFO', context } as const
    const envelope: DUUIEnvelope = { timestamp: 1, event }
    const url = `${at.address}/ws/processes/p1/events?token=ada`
    const { socketio: _, ...able } = watchers
    const all = [
      ...Object.values(able).map((watch) => watch(at, 'ada', 'process:p1')),
      watchWith(url, { dialect: duui }, 'process:p1'),
    ]
    await Promise.all(all.map(({ ready }) => ready))
    await until(() => expect(at.server.channels.members('process:p1')).toHaveLength(6))
    await at.gateway.publish(envelope)
    for (const { seen } of all) await until(() => expect(seen).toEqual([['event', event]]))
  })

  it('are refused in the words of their backend', async () => {
    const at = await backend({ authorize: (_user, channel) => channel !== 'session:secret' })
    const code = async (name: keyof typeof watchers) => {
      const { ready } = watchers[name]?.(at, 'ada', 'session:secret') ?? {}
      return ready?.then(
        () => undefined,
        (error: { code: string }) => error.code,
      )
    }
    for (const name of ['native', 'entity', 'topics, flat', 'topics, versioned']) {
      expect(await code(name), name).toBe('forbidden')
    }
    expect(await code('socketio')).toBe('session-error')
    const streams = watchers.streams?.(at, 'ada', 'session:secret')
    expect(await streams?.failed).toBe(4403)
  })

  it('are closed with the code of their backend where their credentials are bad', async () => {
    const at = await backend()
    const codes = Object.entries(watchers).map(
      async ([name, watch]) => [name, await watch(at, 'bad', 'session:1').failed] as const,
    )
    expect(Object.fromEntries(await Promise.all(codes))).toEqual({
      ...{ native: 4401, entity: 4401, 'topics, flat': 4401, 'topics, versioned': 4401 },
      ...{ streams: 1008, socketio: 4401 },
    })
    const { socket } = watchStock(at, '1', 'bad')
    const refused = new Promise<Error>((resolve) => socket.on('connect_error', resolve))
    expect((await refused).message).toContain('credentials')
  })

  it('stay with a stock client of Socket.IO through acknowledgements, and its disconnect', async () => {
    const at = await backend()
    at.server.handle('double', (n: number) => 2 * n)
    const { socket, ready } = watchStock(at, '1')
    await ready
    expect(await socket.emitWithAck('double', 4)).toBe(8)
    const gone = new Promise((resolve) => socket.on('disconnect', resolve))
    const [{ id } = { id: '' }] = at.server.connections()
    at.server.disconnect(id, { code: 4403, reason: 'banned' })
    expect(await gone).toBe('io server disconnect')
    expect(socket.active).toBe(false)
  })
})

describe('a chat over both strategies', () => {
  it('is the same for those who stay; streams brings what came while a client was away', async () => {
    const at = await backend()
    const open = (user: string, strategy: 'streams' | 'pub-sub') => {
      const api = createStreamClient({
        ...{ url: `${at.address}/websocket`, WebSocket: withCookie(user), stream: 'stream:1' },
        backoff: { minMs: 5, initialMs: 100, maxMs: 200 },
        clients: [chat({ strategy })],
      })
      onTestFinished(() => api.close())
      api.chat.messages.subscribe(() => {})
      const texts = () => api.chat.messages.get().map(({ message }) => message)
      return { api, texts }
    }
    const [ada, jon] = [open('ada', 'streams'), open('jon', 'pub-sub')]
    await until(() => expect(ada.texts()).toContain('jon joined'))
    await until(() => expect(jon.texts()).toContain('jon joined'))
    await jon.api.chat.send('hello')
    for (const { texts } of [ada, jon]) await until(() => expect(texts().at(-1)).toBe('hello'))
    // Both are away while another client talks.
    for (const { id } of at.server.connections()) at.server.disconnect(id, { code: 1012 })
    await at.server.publish('stream:1:chat', 'message', { username: 'eve', message: 'missed' })
    await until(() => expect(ada.texts()).toContain('ada joined'))
    await until(() => expect(jon.texts().filter((text) => text === 'jon joined')).toHaveLength(2))
    await until(() => expect(ada.texts()).toContain('missed'))
    expect(jon.texts()).not.toContain('missed')
    const ids = ada.api.chat.messages.get().map(({ id }) => Number(id?.split('-')[1]))
    expect(ids).toEqual([...ids].sort((one, other) => one - other))
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describeWithRedis('two servers on one Redis', async () => {
  const bench = await redisBench()

  it('show an event that one publishes to clients of every dialect on both', async () => {
    const prefix = bench.prefix()
    const at = [
      await backend({ broker: await bench.broker({ prefix }) }),
      await backend({ broker: await bench.broker({ prefix }) }),
    ]
    await allReceive(at, async () =>
      at[1]?.server.publish('session:1', 'progress', { progress: 40 }),
    )
  })

  it('share presence, chat and notifications of plugins', async () => {
    const prefix = bench.prefix()
    const a = await backend({ broker: await bench.broker({ prefix }) })
    const b = await backend({ broker: await bench.broker({ prefix }) })
    const open = ({ address }: Backend, user: string) => {
      const api = createStreamClient({
        ...{ url: `${address}/websocket`, WebSocket: withCookie(user), stream: 'stream:1' },
        clients: [chat({ strategy: 'streams' }), presence(), notifications()],
      })
      onTestFinished(() => api.close())
      api.chat.messages.subscribe(() => {})
      return {
        talk: () => api.chat.messages.get().map(({ message }) => message),
        users: () => api.presence.users.get(),
        news: () => api.notifications.messages.get().map(({ message }) => message),
      }
    }
    const ada = open(a, 'ada')
    await until(() => expect(ada.talk()).toEqual(['ada joined']))
    await until(() => expect(ada.users()).toEqual(['ada']))
    const jon = open(b, 'jon')
    await until(() => expect(ada.talk()).toEqual(['ada joined', 'jon joined']))
    await until(() => expect(jon.talk()).toEqual(['jon joined']))
    for (const { users } of [ada, jon]) await until(() => expect(users()).toEqual(['ada', 'jon']))
    await until(() => expect(b.server.channels.members('user:u-jon')).toHaveLength(1))
    await a.server.sendToUser('u-jon', 'notification', { message: 'mention' })
    await until(() => expect(jon.news()).toEqual(['mention']))
    expect(ada.news()).toEqual([])
    await b.server.close()
    await until(() => expect(ada.talk().at(-1)).toBe('jon left'))
    await until(() => expect(ada.users()).toEqual(['ada']))
  })
})
