import { createServer, get } from 'node:http'
import { onTestFinished, vi } from 'vitest'
import type { ClientOptions, RealtimeClient } from 'wirefold'
import { bindList, ChannelSubscriber, OptimisticManager, PresenceManager } from 'wirefold'
import { contract } from 'wirefold/contract'
import { entity } from 'wirefold/dialects/entity'
import { jsonDialect } from 'wirefold/dialects/json'
import { createRealtimeServer, refuse } from 'wirefold/server'
import { ManualClock, ScriptedPeer, ScriptedServer, serverHalves } from 'wirefold/testing'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { packed } from '../architecture/packed.ts'
import { freePort } from '../support/free-port.ts'
import { connect, serve } from '../support/live.ts'
import { blockWith } from './blocks.ts'
import { run } from './run.ts'

/** Receives a line, or an error, which is read as it is printed. */
export type See = (line: unknown) => void

/** Returns a client on a real address, which connects at once; its errors are seen. */
function open(see: See, url: string, options: ClientOptions = {}): RealtimeClient {
  const { client } = connect(url, options)
  client.on('error', see)
  client.on('failed', see)
  client.connect().catch(() => {})
  return client
}

/** Returns a client in virtual time; its errors are seen. */
async function play(see: See, options: Partial<ClientOptions> = {}) {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock })
  const { client } = connect('ws://test/', {
    ...{ transport: server.transport, clock, connectTimeoutMs: 10_000, requestTimeoutMs: 10_000 },
    ...options,
  })
  client.on('error', see)
  return { client, clock, server, channels: new ChannelSubscriber(client) }
}

/** Returns an HTTP server that passes requests on as plain ones, until the end of the test. */
async function proxyWithoutUpgrades(port: number): Promise<string> {
  const proxy = createServer((_, response) => {
    get({ port, path: '/ws' }, (answer) => {
      response.writeHead(answer.statusCode ?? 502)
      answer.pipe(response)
    })
  })
  const own = await freePort()
  await new Promise<void>((resolve) => proxy.listen(own, '127.0.0.1', resolve))
  onTestFinished(() => void proxy.close())
  return `ws://127.0.0.1:${own}/ws`
}

/** A class whose sockets name an origin, as browsers do. */
class OfPage extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { origin: 'https://app.example.com' })
  }
}

/** Prints states as the code at the top of the page does. */
async function watch(client: RealtimeClient, channels: ChannelSubscriber): Promise<void> {
  const block = blockWith('docs/troubleshooting.md', 'client.state.subscribe')
  await run(block, { given: { client, channels } })
}

const api = {
  create: (_: string, task: object, { request }: { request: RealtimeClient['request'] }) =>
    request<{ id: string }>('task:create', task),
  update: async () => {},
  delete: async () => {},
}

/** Makes each symptom of docs/troubleshooting.md happen, by its heading. */
export const symptoms: Readonly<Record<string, (see: See) => unknown>> = {
  async 'It stays in `connecting`'(see) {
    const { client, clock, server } = await play(see)
    server.silent = true
    client.connect().catch(() => {})
    await clock.advance(11_000)
    const peer = new ScriptedPeer({ clock, greetings: [{ topic: 'news' }] })
    const other = await play(see, { transport: peer.transport, clock })
    other.client.connect().catch(() => {})
    await clock.advance(1_000)
  },

  async 'It stays in `waiting`'(see) {
    const { port } = await serve()
    open(see, `ws://127.0.0.1:${await freePort()}/ws`)
    open(see, `ws://127.0.0.1:${port}/realtime`)
  },

  async 'Closed with 1006'(see) {
    const { client, clock, server } = await play(see)
    client.connect().catch(() => {})
    await clock.advance(1_000)
    server.transport.halfOpen()
    await clock.advance(120_000)
  },

  async 'Works locally, not behind the proxy'(see) {
    const { port, url } = await serve()
    open(see, await proxyWithoutUpgrades(port))
    vi.stubEnv('NODE_ENV', 'production')
    const unlisted = createRealtimeServer()
    await unlisted.listen(0).catch(see)
    vi.stubEnv('NODE_ENV', 'development')
    open(see, url, { WebSocket: OfPage })
    await connect('ws://api.example.com/ws').client.connect().catch(see)
  },

  async '401, 403 or 4401 at connect'(see) {
    open(see, (await serve({ canConnect: () => false })).url)
    open(see, (await serve({ origins: ['https://example.com'] })).url, { WebSocket: OfPage })
    open(see, (await serve({ authenticate: () => undefined })).url)
    const failing = await serve({
      authenticate: () => {
        throw new Error('no database')
      },
      onError: see,
    })
    open(see, failing.url)
  },

  async 'This environment has no WebSocket'(see) {
    vi.stubGlobal('WebSocket', undefined)
    await connect('ws://127.0.0.1/', { WebSocket: undefined }).client.connect().catch(see)
  },

  async 'Two sockets in development'(see) {
    const { url } = await serve()
    open(see, url)
    open(see, url)
  },

  async 'A channel is refused'(see) {
    const { url } = await serve({ authorize: (_, channel) => channel !== 'secret' })
    const channels = new ChannelSubscriber(open(see, url))
    channels.subscribe('secret', () => {})
    for (let shop = 1; shop <= 51; shop++) channels.subscribe(`shop:${shop}`, () => {})
    const shop = contract({ channels: { 'shop:{id}': { order: z.object({ id: z.string() }) } } })
    const listed = new ChannelSubscriber(open(see, url, { contract: shop, unlisted: 'refuse' }))
    try {
      Reflect.apply(listed.subscribe, listed, ['shops:42', () => {}])
    } catch (error) {
      see(error)
    }
  },

  async 'My handler is not called'(see) {
    const { channels, clock, server } = await play(see)
    channels.subscribe('shop:42', () => {
      throw new Error('mine')
    })
    await clock.advance(1_000)
    bindList(channels, 'entity:Task', { load: async () => ({ state: [] }) }).start()
    await clock.advance(1_000)
    server.publish('shop:42', 'order', {})
    server.publish('entity:Task', 'created', { id: '1' })
    await clock.advance(1_000)
    const peer = new ScriptedPeer({ clock })
    const other = await play(see, {
      ...{ transport: peer.transport, clock },
      dialect: jsonDialect({ receive: { event: { channel: 'room', type: 'event' } } }),
    })
    other.client.connect().catch(() => {})
    await clock.advance(1_000)
    peer.send({ room: 'shop:43', event: 'order' })
    await clock.advance(1_000)
  },

  async 'Events come twice'(see) {
    const { client } = await play(see)
    try {
      new ChannelSubscriber(client)
    } catch (error) {
      see(error)
    }
  },

  async 'A gap all the time'(see) {
    const native = await play(see)
    await watch(native.client, native.channels)
    await native.clock.advance(1_000)
    native.server.forget('another')
    native.server.drop()
    await native.clock.advance(20_000)
    const clock = new ManualClock()
    const server = new ScriptedServer({ clock, dialect: serverHalves.entity })
    const other = await play(see, { transport: server.transport, clock, dialect: entity })
    await watch(other.client, other.channels)
    await clock.advance(1_000)
    server.drop()
    await clock.advance(20_000)
  },

  async 'A list stays stale, for example after sleep'(see) {
    const { channels, clock, server } = await play(see)
    const failing = async () => Promise.reject(new Error('HTTP 500'))
    bindList(channels, 'entity:Note', { load: failing }).start()
    let epoch = ''
    channels.subscribe('entity:Task', () => {})
    await clock.advance(1_000)
    server.publish('entity:Task', 'entity:created', { id: '1' })
    server.publish('entity:Task', 'entity:created', { id: '2' })
    await clock.advance(1_000)
    epoch = channels.subscribe('entity:Task', () => {}).position?.epoch ?? ''
    const load = async () => ({ state: [], at: { epoch, offset: 1 } })
    bindList(channels, 'entity:Task', { load }).start()
    await clock.advance(1_000)
  },

  async 'My row vanishes'(see) {
    const { server, url } = await serve()
    server.handle('task:create', () => {
      throw refuse('too-long', 'A title has at most 10 letters.')
    })
    const client = open(see, url)
    const rows = bindList<{ id: string }>(new ChannelSubscriber(client), 'entity:Task', {
      load: async () => ({ state: [] }),
    })
    rows.start()
    new OptimisticManager({ client, api }).create('Task', {}, rows).catch(see)
    const virtual = await play(see)
    virtual.server.transport.refusing = true
    const list = bindList<{ id: string }>(virtual.channels, 'entity:Task', {
      load: async () => ({ state: [] }),
    })
    new OptimisticManager({ client: virtual.client, api }).create('Task', {}, list).catch(see)
    await virtual.clock.advance(70_000)
  },

  async 'Presence stays empty'(see) {
    const client = open(see, (await serve()).url)
    const presence = new PresenceManager(new ChannelSubscriber(client))
    presence.enter('room:1').ready.catch(see)
  },

  async 'A request times out'(see) {
    const { client, clock, server } = await play(see)
    server.transport.refusing = true
    client.request('order:cancel').catch(see)
    await clock.advance(11_000)
    server.transport.refusing = false
    await clock.advance(60_000)
    server.silent = true
    client.request('order:cancel').catch(see)
    await clock.advance(11_000)
  },

  async 'A request is refused'(see) {
    const { server, url } = await serve({ onError: see })
    server.handle('order:list', () => {
      throw new Error('no database')
    })
    const client = open(see, url)
    client.request('order:cancel').catch(see)
    client.request('order:list').catch(see)
  },

  'An option does nothing, or throws'(see) {
    for (const use of [
      () => connect('ws://test/', JSON.parse('{"reconnectInterval":1}')),
      () => Reflect.apply(connect('ws://test/').client.on, undefined, ['message', () => {}]),
    ]) {
      try {
        use()
      } catch (error) {
        see(error)
      }
    }
  },

  'Jest cannot load it'(see) {
    const app = packed(['ws'])
    onTestFinished(() => app.remove())
    // Jest's environment for pages resolves packages as browsers do.
    const program = `require('wirefold/server').createRealtimeServer().listen(0).catch((e) => console.log(e.message))`
    see(app.node('--conditions=browser', '-e', program).trim())
  },

  "Cannot find package 'ws'"(see) {
    const app = packed()
    onTestFinished(() => app.remove())
    const message = `(e) => console.log(e.message.split('\\n')[0])`
    see(app.node('-e', `import('wirefold/server').catch(${message})`).trim())
    see(app.node('-e', `try { require('wirefold/server') } catch (e) { (${message})(e) }`).trim())
  },
}
