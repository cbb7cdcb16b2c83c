import { vi } from 'vitest'
import {
  bindList,
  ChannelSubscriber,
  channelEvents,
  type ErrorCode,
  RealtimeClient,
  type SyncOptions,
  sync,
  webSocketTransport,
} from 'wirefold'
import { contract } from 'wirefold/contract'
import { duui } from 'wirefold/dialects/duui'
import { indexedDbStorage } from 'wirefold/indexeddb'
import { z } from 'zod'
import { randomId } from '../../src/base/ids.ts'
import { checkServer } from '../../src/server/redis/connection/server-info.ts'
import { dialled } from '../support/dialled.ts'
import { outcomeOf, scripted } from '../support/scripted.ts'

/** Returns what a function throws or rejects with. */
async function failureOf(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error('Nothing failed.')
}

/** Opens a connection over the platform's WebSocket. */
function opened(url: string): unknown {
  const handlers = { opened: () => {}, message: () => {}, closed: () => {} }
  return webSocketTransport().open(url, [], handlers)
}

/** A connected client, and a server that does not answer its requests. */
async function open(...given: Parameters<typeof scripted>) {
  const parts = scripted(...given)
  const connected = parts.client.connect()
  await parts.clock.advance(0)
  await connected
  return { ...parts, channels: new ChannelSubscriber(parts.client) }
}

/** Returns the error with which the state of a channel is not fetched within some time. */
async function fetchFailure(load: SyncOptions<readonly unknown[]>['load'], ms: number) {
  const { channels, clock } = await open()
  const failures: unknown[] = []
  const into = { reset: () => {}, fold: () => {} }
  const onError = (error: unknown) => failures.push(error)
  sync(channels, 'shop:42', { load, into, onError }).start()
  await clock.advance(ms)
  return failures[0]
}

/** A contract with one channel and one request. */
const shop = contract({
  channels: { 'shop:{id}': { sold: z.object({ item: z.string() }) } },
  requests: { 'order:place': { payload: z.object({}), reply: z.object({ id: z.string() }) } },
})

/** Ways to each error, by its code. */
export const ways: Readonly<Record<ErrorCode, () => Promise<unknown>>> = {
  async aborted() {
    const { client } = scripted()
    return failureOf(() => client.request('order:place', {}, { signal: AbortSignal.abort() }))
  },
  async 'bad-event'() {
    const { channels, server, clock, errors } = await open(
      {},
      { contract: shop, validate: 'always' },
    )
    channels.subscribe('shop:42', () => {})
    await clock.advance(0)
    server.publish('shop:42', 'sold', { item: 7 })
    await clock.advance(0)
    return errors[0]
  },
  async 'bad-frame'() {
    const { server, clock, errors } = await open()
    server.transport.last.send('{"type":"welc')
    await clock.advance(0)
    return errors[0]
  },
  'bad-channel': () =>
    failureOf(() => new ChannelSubscriber(scripted().client).subscribe('', () => {})),
  'bad-dependency': () =>
    failureOf(() => checkServer('redis_version:5.0.7\r\nredis_mode:standalone\r\nrole:master')),
  'bad-option': () => failureOf(() => new RealtimeClient('/ws', { pingInterval: 5_000 } as object)),
  async 'bad-payload'() {
    const { client } = await open()
    return failureOf(() => client.request('order:place', { amount: 1n }))
  },
  async 'bad-reply'() {
    const { client, clock } = await open(
      { answer: () => ({ id: 7 }) },
      { contract: shop, validate: 'always' },
    )
    const answered = outcomeOf(client.request('order:place', {}))
    await clock.advance(0)
    return answered.error
  },
  'bad-url': () => failureOf(() => opened('ws://shop.example/ws')),
  async closed() {
    const { client, clock } = await open()
    const lost = outcomeOf(client.request('order:place', {}))
    client.close()
    await clock.advance(0)
    return lost.error
  },
  'dialect-failed': () =>
    failureOf(
      () =>
        new RealtimeClient('/ws', {
          dialect: function shop() {
            throw new TypeError('codes is undefined')
          },
        }),
    ),
  async disconnected() {
    const { client } = scripted()
    return failureOf(() => client.request('cursor:move', {}, { volatile: true }))
  },
  async failed() {
    const { client, server, clock } = await open()
    const lost = outcomeOf(client.request('order:place', {}))
    server.drop(4403, 'forbidden')
    await clock.advance(0)
    return lost.error
  },
  async 'handler-failed'() {
    const { channels, server, clock, errors } = await open()
    channels.subscribe('shop:42', () => {
      throw new TypeError('price is undefined')
    })
    await clock.advance(0)
    server.publish('shop:42', 'sold')
    await clock.advance(0)
    return errors[0]
  },
  async 'identity-changed'() {
    const { client, server, clock } = scripted()
    server.welcome = { userId: 'ada' }
    void client.connect()
    await clock.advance(0)
    server.silent = true
    const former = outcomeOf(client.request('order:place', {}))
    await clock.advance(0)
    server.silent = false
    server.welcome = { userId: 'bob' }
    server.drop()
    await clock.advance(5_000)
    return former.error
  },
  async 'no-crypto'() {
    vi.stubGlobal('crypto', undefined)
    try {
      return await failureOf(randomId)
    } finally {
      vi.unstubAllGlobals()
    }
  },
  async 'no-websocket'() {
    vi.stubGlobal('WebSocket', undefined)
    try {
      return await failureOf(() => opened('ws://localhost/ws'))
    } finally {
      vi.unstubAllGlobals()
    }
  },
  async 'not-stored'() {
    const { client, clock, errors } = scripted({}, { outbox: { storage: indexedDbStorage() } })
    void client.request('order:place', {}).catch(() => {})
    await clock.advance(0)
    return errors[0]
  },
  async 'outbox-full'() {
    const { client } = scripted({}, { outbox: { limit: 1 } })
    const former = failureOf(() => client.request('order:place', {}))
    void client.request('order:place', {}).catch(() => {})
    return former
  },
  async 'outcome-unknown'() {
    const { client, server, clock } = await open()
    server.welcome = { limits: { dedupeMs: 0 } }
    const repeated = outcomeOf(client.request('order:place', {}))
    await clock.advance(0)
    server.drop()
    await clock.advance(5_000)
    return repeated.error
  },
  async overflow() {
    const { channels, server, clock } = await open()
    const events = channelEvents(channels, 'shop:42', { buffer: 1 })[Symbol.asyncIterator]()
    const first = events.next()
    await clock.advance(0)
    for (const type of ['sold', 'sold', 'sold', 'sold']) server.publish('shop:42', type)
    await clock.advance(0)
    await first
    await events.next()
    return failureOf(() => events.next())
  },
  async 'request-timeout'() {
    const { client, clock } = await open()
    const late = outcomeOf(client.request('order:place', {}))
    await clock.advance(10_000)
    return late.error
  },
  async superseded() {
    const { client } = scripted()
    const former = failureOf(() => client.request('filter:set', 1, { supersede: 'filter' }))
    void client.request('filter:set', 2, { supersede: 'filter' }).catch(() => {})
    return former
  },
  async timeout() {
    return fetchFailure(() => new Promise<never>(() => {}), 30_000)
  },
  async 'too-large'() {
    const { client, server, clock } = scripted()
    server.welcome = { limits: { frameBytes: 65_536 } }
    void client.connect()
    await clock.advance(0)
    return failureOf(() => client.request('order:place', 'x'.repeat(70_000)))
  },
  async stale() {
    return fetchFailure(async () => ({ state: [], at: { epoch: 'another', offset: 1 } }), 0)
  },
  async 'unread-event'() {
    const { channels, server, clock, errors } = await open()
    const list = bindList(channels, 'entity:Task', { load: async () => ({ state: [] }) })
    list.start()
    await clock.advance(0)
    server.publish('entity:Task', 'task.updated', { id: '1' })
    await clock.advance(0)
    return errors[0]
  },
  async unsupported() {
    const { client, clock } = dialled(duui)
    void client.connect()
    await clock.advance(0)
    return failureOf(() => client.request('order:place', {}))
  },
}
