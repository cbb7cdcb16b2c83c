import { createHash, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { DialectFactory } from 'wirefold/dialects'
import { pusher, withDecryption } from 'wirefold/dialects/pusher'
import { clientOf, type PusherBackend, session } from '../../dialects/pusher/story.ts'
import { until } from '../../support/live.ts'
import { PusherPeer } from '../../support/peers/pusher.ts'
import { modules, soketi } from './soketi.ts'

const load = createRequire(join(modules, 'index.js'))

/** A channel of the official client. */
interface OfficialChannel {
  bind(event: string, handler: (data: unknown) => void): void
  trigger(event: string, data: unknown): boolean
}

/** Soketi, with the auth endpoint of the server in this process, whose key and secret are the same. */
async function real(
  app: Readonly<Record<string, unknown>> = {},
  publishing: Readonly<Record<string, unknown>> = {},
) {
  const peer = await PusherPeer.started()
  peer.infos = { ana: { name: 'Ana' } }
  const server = await soketi(app)
  const { port } = server
  const Publisher = load('pusher')
  const options = { host: '127.0.0.1', port: String(port), useTLS: false }
  const publisher: { trigger(channel: string, event: string, data: unknown): Promise<unknown> } =
    new Publisher({ appId: 'app', key: 'key', secret: 'secret', ...options, ...publishing })
  const backend: PusherBackend = {
    ...server,
    endpoint: peer.endpoint,
    askedFor: () => peer.asked.map(({ channel }) => channel),
    publish: (channel, event, data) => publisher.trigger(channel, event, data),
  }
  return { peer, backend, server }
}

/** The official client, at the port of a server, until the end of the test. */
function official(port: number, endpoint: string, user: string) {
  const Pusher = load('pusher-js')
  const headers = { Authorization: `Bearer ${user}` }
  const client: {
    subscribe(channel: string): OfficialChannel
    connection: { state: string }
    disconnect(): void
  } = new Pusher('key', {
    ...{ cluster: 'x', wsHost: '127.0.0.1', wsPort: port, forceTLS: false },
    enabledTransports: ['ws'],
    channelAuthorization: { endpoint, headers },
  })
  onTestFinished(() => client.disconnect())
  return client
}

const portOf = (url: string): number => Number(new URL(url).port)

describe('Soketi', () => {
  it('serves a session, and its clients go on after it was killed', async () => {
    const { backend } = await real()
    await session(backend, pusher)
  })

  it('gives an error to a client whose app does not exist, which gives up', async () => {
    const { backend } = await real()
    const wrong = { ...backend, url: `${backend.url}-wrong` }
    const { client } = clientOf(wrong, 'ana', pusher)
    await expect(client.connect()).rejects.toMatchObject({
      detail: { closeCode: 4001 },
      cause: { message: expect.stringContaining('does not exist') },
    })
  })

  it('refuses a wrong signature, and names the channel', async () => {
    const { peer, backend } = await real()
    peer.secretOfEndpoint = 'another'
    const { channels } = clientOf(backend, 'ana', pusher)
    const { ready } = channels.subscribe('private-room', () => {})
    await expect(ready).rejects.toMatchObject({ code: 'not-authenticated' })
  })

  it('limits client events, which the client reports', async () => {
    const { backend } = await real({ maxClientEventsPerSecond: 1 })
    const { client, channels, errors } = clientOf(backend, 'ana', pusher)
    await channels.subscribe('private-room', () => {}).ready
    await until(async () => {
      await client.publish('private-room', 'client-typing', {})
      expect(errors[0]).toMatchObject({ code: 'rate-limited' })
    })
    expect(client.state.get().name).toBe('open')
  })

  it('says goodbye, and its clients are back on its successor without an error', async () => {
    const { backend, server } = await real()
    const { client, channels, errors } = clientOf(backend, 'ana', pusher)
    const codes: number[] = []
    client.on('dropped', ({ code }) => codes.push(code))
    const news = channels.subscribe('news', () => {})
    await news.ready
    await server.shutDown()
    await server.start()
    await until(() => expect(news.status.get().name).toBe('gap'))
    expect(codes[0]).toBe(4200)
    expect(errors).toEqual([])
  })

  it('passes on what it cannot read, which the client decrypts by the secret of the endpoint', async () => {
    const masterKey = randomBytes(32)
    const { backend, peer } = await real(
      {},
      { encryptionMasterKeyBase64: masterKey.toString('base64') },
    )
    const channel = 'private-encrypted-room'
    peer.sharedSecret = createHash('sha256').update(channel).update(masterKey).digest('base64')
    const { secretbox } = load('tweetnacl')
    const bytes = (text: unknown) => Buffer.from(String(text), 'base64')
    const secrets = new Map<string, Buffer>()
    const dialect = withDecryption(pusher, (name, { nonce, ciphertext }) =>
      Buffer.from(secretbox.open(bytes(ciphertext), bytes(nonce), secrets.get(name))).toString(),
    )
    const { channels, errors } = clientOf(backend, 'ana', dialect, (name, { shared_secret }) =>
      secrets.set(name, bytes(shared_secret)),
    )
    const seen: unknown[] = []
    await channels.subscribe(channel, (payload) => seen.push(payload)).ready
    await backend.publish(channel, 'said', { text: 'hi' })
    await until(() => expect(seen).toEqual([{ text: 'hi' }]))
    expect(errors).toEqual([])
  })

  it('keeps the newest event of a cache channel, or says that there is none', async () => {
    const { backend } = await real()
    const { channels } = clientOf(backend, 'ana', pusher)
    const seen: unknown[] = []
    const follow = (name: string) =>
      channels.subscribe(name, (payload, { type }) => seen.push([type, payload]))
    const first = follow('cache-prices')
    await until(() => expect(seen).toEqual([['pusher:cache_miss', undefined]]))
    await backend.publish('cache-prices', 'set', { price: 1 })
    await until(() => expect(seen).toHaveLength(2))
    first()
    // The client leaves the channel before it subscribes to it again.
    await new Promise((resolve) => setTimeout(resolve, 50))
    follow('cache-prices')
    await until(() => expect(seen).toHaveLength(3))
    expect(seen[2]).toEqual(['set', { price: 1 }])
  })
})

describe.each<[string, () => Promise<Pick<PusherBackend, 'url' | 'endpoint' | 'publish'>>]>([
  ['Soketi', async () => (await real()).backend],
  [
    'the server of the tests',
    async () => {
      const peer = await PusherPeer.started()
      return {
        url: peer.url,
        endpoint: peer.endpoint,
        publish: (channel, event, data) => peer.publish(channel, event, data),
      }
    },
  ],
])('clients of this package and official ones, on %s', (_, started) => {
  it('see each other, and get the same events', async () => {
    const backend = await started()
    const dialect: DialectFactory = pusher
    const { channels, presence, client } = clientOf(backend, 'ana', dialect)
    const seen: unknown[] = []
    const own = channels.subscribe('presence-room', (payload, { type }) =>
      seen.push([type, payload]),
    )
    presence.of('room').subscribe(() => {})
    await own.ready
    const other = official(portOf(backend.url), backend.endpoint, 'ben')
    const room = other.subscribe('presence-room')
    const theirs: unknown[] = []
    const members: unknown[] = []
    for (const event of ['client-typing', 'said']) {
      room.bind(event, (data) => theirs.push([event, data]))
    }
    room.bind('pusher:subscription_succeeded', (data) => members.push(Object(data).count))
    await until(() => expect(members).toEqual([2]))
    await until(() =>
      expect(
        presence
          .of('room')
          .get()
          .map(({ id }) => id),
      ).toEqual(['ana', 'ben']),
    )
    room.trigger('client-typing', { by: 'ben' })
    await until(() => expect(seen).toEqual([['client-typing', { by: 'ben' }]]))
    await client.publish('presence-room', 'client-typing', { by: 'ana' })
    await until(() => expect(theirs).toEqual([['client-typing', { by: 'ana' }]]))
    await backend.publish('presence-room', 'said', { text: 'hi' })
    const said = ['said', { text: 'hi' }]
    await until(() => expect([seen.at(-1), theirs.at(-1)]).toEqual([said, said]))
    other.disconnect()
    await until(() =>
      expect(
        presence
          .of('room')
          .get()
          .map(({ id }) => id),
      ).toEqual(['ana']),
    )
  })

  it('get the broadcasts of Laravel, as Laravel Echo does', async () => {
    const backend = await started()
    const { channels } = clientOf(backend, 'ana', pusher)
    const seen: unknown[] = []
    await channels.subscribe('private-orders.7', (payload, { type }) => seen.push([type, payload]))
      .ready
    // Its CommonJS build cannot be loaded by Node.
    const { default: Echo } = await import(join(modules, 'laravel-echo/dist/echo.js'))
    const echo: {
      private(channel: string): {
        listen(event: string, handler: (data: unknown) => void): unknown
        subscribed(handler: () => void): unknown
      }
    } = new Echo({
      broadcaster: 'pusher',
      client: official(portOf(backend.url), backend.endpoint, 'ben'),
    })
    const echoed: unknown[] = []
    let isSubscribed = false
    const orders = echo.private('orders.7')
    orders.listen('OrderShipped', (data) => echoed.push(data))
    orders.subscribed(() => {
      isSubscribed = true
    })
    await until(() => expect(isSubscribed).toBe(true))
    await backend.publish('private-orders.7', 'App\\Events\\OrderShipped', { order: { id: 7 } })
    await until(() => expect(echoed).toEqual([{ order: { id: 7 } }]))
    expect(seen).toEqual([['App\\Events\\OrderShipped', { order: { id: 7 } }]])
  })
})
