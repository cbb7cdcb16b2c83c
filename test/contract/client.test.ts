import { describe, expect, it } from 'vitest'
import type { ChannelStatus, ClientOptions, EventFrame, RequestOptions } from 'wirefold'
import {
  bindList,
  ChannelSubscriber,
  isWirefoldError,
  PresenceManager,
  RealtimeClient,
  sync,
} from 'wirefold'
import type { StandardSchemaV1 } from 'wirefold/contract'
import { contract, entityEvents } from 'wirefold/contract'
import { ManualClock, ScriptedServer, type ScriptedServerOptions } from 'wirefold/testing'
import { z } from 'zod'
import { outcomeOf, scripted } from '../support/scripted.ts'

const Order = z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) })
const Task = z.object({ id: z.string(), title: z.string() })

/** A schema that decides when the test says so. */
const deferredText: StandardSchemaV1<string, string> & { decide(value: string): void } = (() => {
  const waiting: [value: string, decide: () => void][] = []
  return {
    decide: (value: string) => {
      for (const [known, decide] of waiting) if (known === value) decide()
    },
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => {
        if (typeof value !== 'string') return { issues: [{ message: 'no text' }] }
        if (!value.startsWith('late')) return { value }
        return new Promise((resolve) => {
          const isBad = value.startsWith('late bad')
          const result = isBad ? { issues: [{ message: 'bad' }] } : { value: `${value}!` }
          waiting.push([value, () => resolve(result)])
        })
      },
    },
  } as StandardSchemaV1<string, string> & { decide(value: string): void }
})()

const shop = contract({
  channels: {
    'shop:{id}': { order: Order, note: z.string() },
    'late:{id}': { text: deferredText },
    'entity:Task': entityEvents(Task),
  },
  requests: {
    'order:get': { payload: z.string(), reply: Order },
    'order:late': { reply: deferredText },
  },
  presence: {
    'room/{id}': z.object({ x: z.number() }).transform(({ x }) => ({ x, doubled: 2 * x })),
  },
})
type Shop = typeof shop

function connected(
  options: ClientOptions<Shop> = { validate: 'always' },
  serving: Omit<ScriptedServerOptions, 'clock'> = {},
) {
  const clock = new ManualClock()
  const server = new ScriptedServer({ clock, ...serving })
  const client = new RealtimeClient('ws://test/', {
    ...{ contract: shop, transport: server.transport, clock, random: () => 0.5 },
    ...options,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  return { clock, server, client, errors, channels: new ChannelSubscriber(client) }
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    return isWirefoldError(error) ? error.code : String(error)
  }
  return undefined
}

describe('names', () => {
  it('that no template fits are refused where they are used', async () => {
    const { clock, client, channels, server } = connected({})
    const presence = new PresenceManager(channels)
    const anyName: string = 'shp:42'
    expect(codeOf(() => channels.subscribe(anyName, () => {}))).toBe('bad-channel')
    expect(codeOf(() => channels.subscribe('shop:1:2' as string, () => {}))).toBe('bad-channel')
    expect(codeOf(() => presence.enter('rom/1' as 'room/1', { x: 1 }))).toBe('bad-channel')
    const published = outcomeOf(client.publish(anyName as 'shop:42', 'note', ''))
    channels.subscribe('shop:1', () => {})
    channels.subscribe('shop:*', () => {})
    presence.of('room/1').subscribe(() => {})
    channels.subscribe('user:1' as string, () => {})
    await clock.advance(10)
    expect(published.error).toMatchObject({ code: 'bad-channel', detail: { channel: anyName } })
    expect([...server.subscribed].sort()).toEqual(['presence:room/1', 'shop:*', 'shop:1', 'user:1'])
  })

  it('of members are checked by the entry of their family, where they have none of their own', async () => {
    const families = contract({
      channels: {
        'fam:*': { size: z.string().transform(Number) },
        'fam:{id}:log': { line: z.string() },
      },
    })
    const { clock, client, channels, server, errors } = connected({
      ...{ validate: 'always', contract: families as unknown as Shop },
    })
    const received: unknown[] = []
    channels.subscribe('fam:*' as string, (payload, { channel }) =>
      received.push([channel, payload]),
    )
    await clock.advance(10)
    const event = (channel: string, type: string, payload: unknown) =>
      server.send({ type, channel, via: 'fam:*', payload })
    event('fam:7', 'size', '5')
    event('fam:7', 'size', 5)
    event('fam:7', 'line', 'x')
    event('fam:7:log', 'line', 'x')
    await clock.advance(10)
    expect(received).toEqual([
      ['fam:7', 5],
      ['fam:7:log', 'x'],
    ])
    expect(client.stats()).toMatchObject({ quarantined: 1, unlisted: 1 })
    expect(errors).toMatchObject([{ code: 'bad-event', detail: { channel: 'fam:7' } }])
  })

  it('are all allowed where the application says so', async () => {
    const { clock, client, channels, errors } = connected(
      { unlisted: 'allow' },
      { answer: () => null },
    )
    channels.subscribe('shp:42' as string, () => {})
    const published = outcomeOf(client.publish('shp:42' as 'shop:42', 'note', ''))
    await clock.advance(10)
    expect([typeof published.value, errors]).toEqual(['string', []])
  })

  it('are not checked by a contract of types alone', async () => {
    interface Types {
      channels: { 'shop:{id}': { note: string } }
    }
    const { clock, client, errors } = scripted({}, { contract: contract<Types>() })
    const received: unknown[] = []
    new ChannelSubscriber(client).subscribe('other', (payload) => received.push(payload))
    await clock.advance(10)
    expect(errors).toEqual([])
  })
})

describe('an event', () => {
  it('reaches handlers as the output of its schema, which is called once', async () => {
    const { clock, server, channels } = connected()
    const received: unknown[] = []
    channels.subscribe('shop:1', (payload) => received.push(payload))
    channels.subscribe('shop:1', { order: (order) => received.push(order) })
    await clock.advance(10)
    server.publish('shop:1', 'order', { id: 'a', at: '2026-01-01T00:00:00.000Z' })
    await clock.advance(10)
    expect(received).toEqual([
      { id: 'a', at: new Date('2026-01-01T00:00:00Z') },
      { id: 'a', at: new Date('2026-01-01T00:00:00Z') },
    ])
    expect(received[0]).toBe(received[1])
  })

  it('is trusted, and left as it is, where only the server validates', async () => {
    const { clock, server, client, channels } = connected({})
    const received: unknown[] = []
    channels.subscribe('shop:1', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('shop:1', 'order', { id: 1 })
    await clock.advance(10)
    expect(received).toEqual([{ id: 1 }])
    expect(client.stats().quarantined).toBe(0)
  })

  it('that does not fit reaches no handler, and the position moves on', async () => {
    const { clock, server, client, channels, errors } = connected()
    const received: unknown[] = []
    const subscription = channels.subscribe('shop:1', (payload) => received.push(payload))
    channels.subscribe('shop:2', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('shop:1', 'note', { secret: 'hunter2' })
    server.publish('shop:2', 'note', 'other')
    server.publish('shop:1', 'note', 'next')
    await clock.advance(10)
    expect(received).toEqual(['other', 'next'])
    expect(subscription.position?.offset).toBe(2)
    expect(client.stats().quarantined).toBe(1)
    expect(errors).toMatchObject([
      { code: 'bad-event', detail: { channel: 'shop:1', type: 'note', offset: 1 } },
    ])
    expect(String(errors[0])).not.toContain('hunter2')
    // The next connection does not fetch it again.
    server.drop()
    await clock.advance(5_000)
    const since = server.messages.filter(({ type }) => type === 'subscribe').at(-1)?.payload
    expect(JSON.stringify(since)).toContain('"shop:1",2')
    expect(client.stats().quarantined).toBe(1)
  })

  it('is one error and one gap per channel and second at most', async () => {
    const { clock, server, client, channels, errors } = connected()
    const statuses: ChannelStatus[] = []
    const subscription = channels.subscribe('shop:1', () => {})
    await clock.advance(10)
    subscription.status.listen((status) => {
      statuses.push(status)
      if (status.name === 'gap') subscription.caughtUp()
    })
    for (let n = 0; n < 50; n++) server.publish('shop:1', 'note', n)
    await clock.advance(10)
    const gaps = () => statuses.filter(({ name }) => name === 'gap').length
    expect([errors.length, gaps()]).toEqual([1, 1])
    await clock.advance(1_000)
    // One more gap for those that followed within the second.
    expect([errors.length, gaps()]).toEqual([1, 2])
    await clock.advance(10_000)
    expect([errors.length, gaps(), client.stats().quarantined]).toEqual([1, 2, 50])
    server.publish('shop:1', 'note', 0)
    await clock.advance(10)
    expect([errors.length, gaps()]).toEqual([2, 3])
  })

  it('of a type that the contract lacks is counted, and is no error', async () => {
    for (const validate of ['always', 'server'] as const) {
      const { clock, server, client, channels, errors } = connected({ validate })
      const received: unknown[] = []
      const subscription = channels.subscribe('shop:1', (payload) => received.push(payload))
      await clock.advance(10)
      server.publish('shop:1', 'refund', { id: 'a' })
      server.publish('shop:1', 'note', 'next')
      await clock.advance(10)
      expect([received, errors]).toEqual([['next'], []])
      expect([client.stats().unlisted, subscription.position?.offset]).toEqual([1, 2])
      expect(subscription.status.get().name).toBe('live')
    }
  })

  it('is passed on unchecked where nothing is to be validated', async () => {
    const { clock, server, client, channels } = connected({ validate: 'never' })
    const received: unknown[] = []
    channels.subscribe('shop:1', (_, { type }: EventFrame) => received.push(type))
    await clock.advance(10)
    server.publish('shop:1', 'refund', 1)
    server.publish('shop:1', 'note', 1)
    await clock.advance(10)
    expect([received, client.stats().unlisted]).toEqual([['refund', 'note'], 0])
  })
})

describe('bound state', () => {
  it('is fetched anew once after a bad event', async () => {
    const { clock, server, channels, errors } = connected()
    let loads = 0
    const tasks = bindList(channels, 'entity:Task', {
      load: async () => ({ state: [{ id: 'a', title: `load ${++loads}` }] }),
    })
    tasks.start()
    await clock.advance(10)
    const change = (data: unknown) => ({ id: 'a', entityName: 'Task', data })
    server.publish('entity:Task', 'entity:updated', change({ id: 'a', title: 1 }))
    server.publish('entity:Task', 'entity:updated', change({ id: 'a' }))
    await clock.advance(500)
    expect([loads, errors.length]).toEqual([2, 1])
    await clock.advance(20_000)
    // The second of them came during or after the first fetch: one more for all of that second.
    expect([loads, tasks.status.get().name]).toEqual([3, 'live'])
    server.publish('entity:Task', 'entity:updated', change({ id: 'a', title: 'fine' }))
    await clock.advance(10)
    expect(tasks.state.get()).toEqual([{ id: 'a', title: 'fine' }])
  })

  it('does not move for a bad event of another channel', async () => {
    const { clock, server, channels } = connected()
    let loads = 0
    const into = { reset: () => {}, fold: () => {} }
    const load = async () => ({ state: ++loads })
    sync(channels, 'shop:1', { load, into }).start()
    channels.subscribe('shop:2', () => {})
    await clock.advance(10)
    server.publish('shop:2', 'note', 1)
    await clock.advance(5_000)
    expect(loads).toBe(1)
  })
})

describe('a reply', () => {
  it('is the output of its schema, or rejects with bad-reply and is not asked for again', async () => {
    const replies: unknown[] = [
      { id: 'a', at: '2026-01-01T00:00:00Z' },
      { id: 1, at: 'hunter2' },
    ]
    let asked = 0
    const { clock, client } = connected(
      { validate: 'always' },
      { answer: () => replies[asked++] ?? null },
    )
    const good = outcomeOf(client.request('order:get', 'a'))
    await clock.advance(10)
    const bad = outcomeOf(client.request('order:get', 'a'))
    await clock.advance(60_000)
    expect(good.value).toEqual({ id: 'a', at: new Date('2026-01-01T00:00:00Z') })
    expect(bad.error).toMatchObject({ code: 'bad-reply', detail: { type: 'order:get' } })
    expect(String(bad.error)).not.toContain('hunter2')
    expect([asked, client.pending.get()]).toEqual([2, { queued: 0, sent: 0 }])
  })

  it('is passed on as it is where only the server validates', async () => {
    const { clock, client } = connected({}, { answer: () => 1 })
    const reply = outcomeOf(client.request('order:get', 'a'))
    await clock.advance(10)
    expect(reply.value).toBe(1)
  })

  it('may be validated asynchronously, within five seconds', async () => {
    const { clock, client } = connected({ validate: 'always' }, { answer: () => 'late reply' })
    const good = outcomeOf(client.request('order:late'))
    await clock.advance(10)
    deferredText.decide('late reply')
    await clock.advance(10)
    const slow = outcomeOf(client.request('order:late'))
    await clock.advance(6_000)
    expect(good.value).toBe('late reply!')
    expect(slow.error).toMatchObject({ code: 'bad-reply' })
  })
})

describe('a request whose reply waits for an asynchronous schema', () => {
  const waiting = (options: RequestOptions, own: ClientOptions<Shop> = {}) => {
    const answer = () => 'late kept'
    const { clock, client } = connected({ validate: 'always', ...own }, { answer })
    return { clock, client, reply: outcomeOf(client.request('order:late', undefined, options)) }
  }

  it('keeps its time limit', async () => {
    for (const { clock, reply } of [
      waiting({ timeoutMs: 300 }),
      waiting({}, { requestTimeoutMs: 300 }),
    ]) {
      await clock.advance(290)
      expect(reply.error).toBeUndefined()
      await clock.advance(20)
      expect(reply.error).toMatchObject({
        code: 'request-timeout',
        detail: { timeoutMs: 300, sent: true, requestId: expect.any(String) },
      })
    }
  })

  it('keeps its signal', async () => {
    const controller = new AbortController()
    const { clock, client, reply } = waiting({ signal: controller.signal })
    await clock.advance(100)
    expect(client.pending.get()).toEqual({ queued: 0, sent: 0 })
    controller.abort('left')
    await clock.advance(1)
    expect(reply.error).toMatchObject({ code: 'aborted', cause: 'left' })
    client.close()
    await clock.advance(10_000)
    expect(clock.timers).toBe(0)
  })

  it('resolves where the schema decides in time', async () => {
    const { signal } = new AbortController()
    const { clock, reply } = waiting({ timeoutMs: 300, signal })
    await clock.advance(200)
    deferredText.decide('late kept')
    await clock.advance(1_000)
    expect(reply.value).toBe('late kept!')
  })
})

describe('an asynchronous schema', () => {
  it('keeps the order of its channel, and holds up no other', async () => {
    const { clock, server, channels } = connected()
    const received: unknown[] = []
    const subscription = channels.subscribe('late:1', (payload) => received.push(payload))
    channels.subscribe('late:2', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('late:1', 'text', 'late a')
    server.publish('late:1', 'text', 'b')
    server.publish('late:1', 'text', 'late bad c')
    server.publish('late:1', 'text', 'd')
    server.publish('late:2', 'text', 'other')
    server.send({ type: 'unsubscribed', channel: 'late:1', payload: { code: 'forbidden' } })
    await clock.advance(10)
    expect([received, subscription.position?.offset, subscription.status.get().name]).toEqual([
      ['other'],
      0,
      'live',
    ])
    deferredText.decide('late bad c')
    await clock.advance(10)
    expect(received).toEqual(['other'])
    deferredText.decide('late a')
    await clock.advance(10)
    expect(received).toEqual(['other', 'late a!', 'b', 'd'])
    expect(subscription.status.get().name).toBe('refused')
  })

  it('that does not decide in five seconds makes the event a bad one', async () => {
    const { clock, server, channels, errors } = connected()
    const received: unknown[] = []
    channels.subscribe('late:1', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('late:1', 'text', 'late never')
    server.publish('late:1', 'text', 'b')
    await clock.advance(4_900)
    expect(received).toEqual([])
    await clock.advance(200)
    expect(received).toEqual(['b'])
    expect(errors).toMatchObject([{ code: 'bad-event' }])
  })

  it('holds 256 events of a channel; with more it is a gap', async () => {
    const { clock, server, channels } = connected()
    const received: unknown[] = []
    const subscription = channels.subscribe('late:1', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('late:1', 'text', 'late first')
    for (let n = 0; n < 256; n++) server.publish('late:1', 'text', `${n}`)
    await clock.advance(10)
    expect(subscription.status.get()).toMatchObject({ name: 'gap', reason: 'overflow' })
    expect([received, subscription.position?.offset]).toEqual([[], 257])
    server.publish('late:1', 'text', 'next')
    deferredText.decide('late first')
    await clock.advance(10)
    expect(received).toEqual(['next'])
  })

  it('survives a lost connection: each event is delivered once', async () => {
    const { clock, server, channels } = connected()
    const received: unknown[] = []
    channels.subscribe('late:1', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('late:1', 'text', 'late x')
    server.publish('late:1', 'text', 'y')
    await clock.advance(10)
    server.drop()
    await clock.advance(3_000)
    deferredText.decide('late x')
    await clock.advance(10)
    server.publish('late:1', 'text', 'z')
    await clock.advance(3_000)
    deferredText.decide('late x')
    await clock.advance(10)
    expect(received).toEqual(['late x!', 'y', 'z'])
  })

  it('does not reach a subscription made after the channel was left', async () => {
    const { clock, server, channels } = connected()
    const received: unknown[] = []
    const off = channels.subscribe('late:1', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('late:1', 'text', 'late gone')
    await clock.advance(10)
    off()
    await clock.advance(1_000)
    channels.subscribe('late:1', (payload) => received.push(payload))
    await clock.advance(10)
    deferredText.decide('late gone')
    await clock.advance(10)
    expect(received).toEqual([])
  })

  it('is no reason to ask the server for the events that wait', async () => {
    const { clock, server, channels } = connected()
    const received: unknown[] = []
    channels.subscribe('late:1', (payload) => received.push(payload))
    channels.subscribe('shop:1', () => {})
    await clock.advance(10)
    const subscribes = server.count('subscribe')
    server.publish('late:1', 'text', 'late held')
    await clock.advance(10)
    const pong = (offsets: object) => server.send({ type: 'pong', payload: { offsets } })
    pong({ 'late:1': ['e1', 1] })
    await clock.advance(10)
    expect(server.count('subscribe')).toBe(subscribes)
    // The offsets of other channels still show what they miss.
    pong({ 'late:1': ['e1', 1], 'shop:1': ['e1', 3] })
    await clock.advance(10)
    expect(server.count('subscribe')).toBe(subscribes + 1)
    deferredText.decide('late held')
    await clock.advance(10)
    expect(received).toEqual(['late held!'])
  })

  it('is not waited for where a channel starts anew', async () => {
    const { clock, server, channels, errors } = connected()
    const received: unknown[] = []
    const subscription = channels.subscribe('late:1', (payload) => received.push(payload))
    await clock.advance(10)
    server.publish('late:1', 'text', 'late before')
    await clock.advance(10)
    subscription.renew()
    await clock.advance(10)
    server.publish('late:1', 'text', 'after')
    await clock.advance(10)
    expect([received, errors]).toEqual([['after'], []])
  })

  it('leaves no event and no timer behind a closed client', async () => {
    const { clock, server, client, channels } = connected()
    const received: unknown[] = []
    channels.subscribe('late:1', (payload) => received.push(payload))
    channels.subscribe('shop:1', () => {})
    client.on('error', () => {})
    await clock.advance(10)
    server.publish('late:1', 'text', 'late closed')
    server.publish('shop:1', 'note', 1)
    await clock.advance(10)
    client.close()
    deferredText.decide('late closed')
    await clock.advance(10)
    expect([received, clock.timers]).toEqual([[], 0])
  })
})

describe('the meta of others', () => {
  it('is the output of its schema, and undefined where it does not fit', async () => {
    const { clock, server, channels, errors } = connected()
    const presence = new PresenceManager(channels)
    const users = presence.of('room/1')
    users.subscribe(() => {})
    await clock.advance(10)
    const user = (id: string, meta: unknown) => ({
      id,
      lastSeen: 1,
      meta,
      devices: [{ id: `${id}1`, meta, lastSeen: 1 }],
    })
    server.publish('presence:room/1', 'presence:sync', {
      users: [user('ann', { x: 1 }), user('bob', { x: 'wrong' })],
    })
    await clock.advance(10)
    server.publish('presence:room/1', 'presence:join', { user: user('cleo', { x: 3 }) })
    await clock.advance(10)
    expect(users.get().map(({ id, meta }) => [id, meta])).toEqual([
      ['ann', { x: 1, doubled: 2 }],
      ['bob', undefined],
      ['cleo', { x: 3, doubled: 6 }],
    ])
    expect(users.get()[0]?.devices[0]?.meta).toEqual({ x: 1, doubled: 2 })
    expect(errors).toEqual([])
  })
})

describe('the fingerprint', () => {
  it('goes out with the greeting, and a difference is an event once', async () => {
    const { clock, server, client } = connected({})
    const differences: unknown[] = []
    client.on('contract', (difference) => differences.push(difference))
    server.welcome = { contract: 'feedfeedfeedfeed' }
    void client.connect()
    await clock.advance(10)
    server.drop()
    await clock.advance(5_000)
    const [hello] = server.messages
    expect(hello?.payload).toMatchObject({ contract: shop.fingerprint })
    expect(shop.fingerprint).toMatch(/^[0-9a-f]{16}$/)
    expect(differences).toEqual([{ client: shop.fingerprint, server: 'feedfeedfeedfeed' }])
    server.welcome = { contract: shop.fingerprint }
    server.drop()
    await clock.advance(5_000)
    server.welcome = { contract: 'feedfeedfeedfeed' }
    server.drop()
    await clock.advance(5_000)
    expect(differences.length).toBe(2)
  })

  it('is compared as well when the client moves to another server', async () => {
    const { clock, server, client } = connected({})
    const differences: unknown[] = []
    client.on('contract', (difference) => differences.push(difference))
    server.welcome = { contract: shop.fingerprint }
    void client.connect()
    await clock.advance(6_000)
    server.welcome = { contract: 'feedfeedfeedfeed' }
    server.send({ type: 'goaway', payload: { deadlineMs: 30_000, windowMs: 10, reason: 'deploy' } })
    await clock.advance(10_000)
    expect(client.stats().reconnects).toBe(0)
    expect(differences).toEqual([{ client: shop.fingerprint, server: 'feedfeedfeedfeed' }])
  })

  it('of a server without one, or of a client without one, is no difference', async () => {
    for (const own of [shop, contract<{ channels: { a: { b: 1 } } }>()]) {
      const { clock, server, client } = scripted({}, { contract: own })
      server.welcome = own === shop ? {} : { contract: 'feedfeedfeedfeed' }
      const differences: unknown[] = []
      client.on('contract', (difference) => differences.push(difference))
      void client.connect()
      await clock.advance(10)
      expect([differences, client.state.get().name]).toEqual([[], 'open'])
    }
  })
})

describe('options', () => {
  it.each([{ channels: {} }, {}, null, 'shop'])('with the contract %j are refused', (other) => {
    // An application in JavaScript.
    const options = { contract: other as unknown as Shop }
    expect(() => connected(options)).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'contract' } }),
    )
  })

  it('with events to be checked by a contract of types alone are refused', () => {
    const typed = contract<{ channels: { price: { now: number } } }>()
    const make = (validate: 'always' | 'server') => () =>
      new RealtimeClient('ws://test/', { contract: typed, validate })
    expect(codeOf(make('always'))).toBe('bad-option')
    expect(codeOf(make('server'))).toBeUndefined()
  })

  it('of another value are refused', () => {
    expect(codeOf(() => connected({ validate: 'client' as 'always' }))).toBe('bad-option')
    expect(codeOf(() => connected({ unlisted: 'ignore' as 'allow' }))).toBe('bad-option')
  })
})
