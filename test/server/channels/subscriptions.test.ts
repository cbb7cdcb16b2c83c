import { describe, expect, it } from 'vitest'
import type { Authorize, Broker } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import type { Message } from '../raw-client.ts'
import { deferred, RawClient, serve } from '../raw-client.ts'

interface Subscribed {
  readonly at: Readonly<Record<string, [string, number]>>
  readonly refused?: Readonly<Record<string, string>>
  readonly gaps?: readonly string[]
}

const answer = (message: Message) => message.payload as Subscribed
const since = (...groups: [string, (string | number)[]][]): Message => ({
  type: 'subscribe',
  payload: { channels: [], since: groups },
})

type Wrapper<Method extends 'subscribe' | 'head' | 'since'> = (
  next: () => ReturnType<Broker[Method]>,
) => ReturnType<Broker[Method]>

/** Wraps the calls of a broker, so that a test can delay them or make them fail. */
function wrapped(wrappers: {
  readonly subscribe?: Wrapper<'subscribe'>
  readonly head?: Wrapper<'head'>
  readonly since?: Wrapper<'since'>
}): Broker {
  const broker = new MemoryBroker()
  const {
    subscribe = (next) => next(),
    head = (next) => next(),
    since = (next) => next(),
  } = wrappers
  return {
    replies: broker.replies,
    presence: broker.presence,
    publish: (channels, event, remember) => broker.publish(channels, event, remember),
    subscribe: (channel, listener) => subscribe(() => broker.subscribe(channel, listener)),
    head: (channel) => head(() => broker.head(channel)),
    since: (channel, position) => since(() => broker.since(channel, position)),
    close: () => broker.close(),
  }
}

describe('a subscribe', () => {
  it.each([{}, { channels: ['a', 7] }, { channels: [null] }, { since: [] }])(
    'with %j names no channels, and is refused instead of acknowledged',
    async (payload) => {
      const { server, url } = await serve()
      const client = await RawClient.greeted(url)
      expect(await client.request({ type: 'subscribe', payload })).toMatchObject({
        type: 'error',
        payload: { code: 'bad-frame' },
      })
      expect(server.stats().subscriptions).toBe(0)
    },
  )

  it('gets a reply with the positions of all its channels, before their events', async () => {
    const { server, url } = await serve()
    await server.publish('a', 'x')
    const client = await RawClient.greeted(url)
    const { at, refused, gaps } = answer(await client.subscribe('a', 'b'))
    expect(at).toEqual({ a: [expect.any(String), 1], b: [expect.any(String), 0] })
    expect([refused, gaps]).toEqual([undefined, undefined])
    await server.publish('b', 'y', { n: 1 }, { id: 'e1' })
    await server.publish('c', 'z')
    expect(await client.settled()).toEqual([
      {
        type: 'y',
        channel: 'b',
        id: 'e1',
        offset: 1,
        timestamp: expect.any(Number),
        payload: { n: 1 },
      },
    ])
    expect(server.connections()[0]?.channels).toEqual(['a', 'b'])
    expect(server.stats()).toMatchObject({ connections: 1, channels: 2, subscriptions: 2 })
  })

  it('gives each event the next offset of its channel', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url)
    await client.subscribe('a', 'b')
    for (let n = 0; n < 50; n++) await server.publish(n % 3 ? 'a' : 'b', 'n', n)
    const events = await client.settled()
    for (const channel of ['a', 'b']) {
      const offsets = events.filter((e) => e.channel === channel).map(({ offset }) => offset)
      expect(offsets).toEqual(offsets.map((_, at) => at + 1))
    }
    expect(events).toHaveLength(50)
  })

  it('delivers an event to every member as the same text', async () => {
    const { server, url } = await serve()
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.greeted(url)))
    for (const client of clients) await client.subscribe('a')
    await server.publish('a', 'x', { text: 'ü\u2028' })
    const texts = await Promise.all(clients.map((client) => client.text()))
    expect(new Set(texts).size).toBe(1)
  })

  it('is refused for invalid names and undeclared families', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    const { at, refused } = answer(
      await client.subscribe('', 'a\u0000b', 'x'.repeat(257), 'agent:*', 'fine', '__proto__'),
    )
    expect(Object.keys(at)).toEqual(['fine', '__proto__'])
    expect(refused).toEqual({
      '': 'bad-channel',
      'a\u0000b': 'bad-channel',
      ['x'.repeat(257)]: 'bad-channel',
      'agent:*': 'bad-channel',
    })
  })

  it('counts a channel once, and is refused for channels above the limit', async () => {
    const { url, server } = await serve({ limits: { subscriptions: 2 } })
    const client = await RawClient.greeted(url)
    await client.subscribe('a', 'a')
    await client.subscribe('a')
    expect(answer(await client.subscribe('a', 'b', 'c')).refused).toEqual({
      c: 'subscription-limit',
    })
    await client.request({ type: 'unsubscribe', payload: { channels: ['a', 'nothing'] } })
    expect(answer(await client.subscribe('c')).refused).toBeUndefined()
    expect(server.stats().subscriptions).toBe(2)
  })

  it('that is repeated gets a reply again, and its events still arrive once', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    await server.publish('a', 'x')
    await client.next('x')
    expect(answer(await client.subscribe('a')).at.a?.[1]).toBe(1)
    await server.publish('a', 'y')
    expect((await client.settled()).map(({ type }) => type)).toEqual(['y'])
  })

  it('calls authorize', async () => {
    const calls: unknown[] = []
    const { url } = await serve({
      authenticate: () => ({ id: 'ada' }),
      authorize: (user, channel, action) => {
        calls.push([user?.id, channel, action])
        return channel === 'open'
      },
    })
    const client = await RawClient.greeted(url)
    const { at, refused } = answer(await client.subscribe('open', 'shut'))
    expect(Object.keys(at)).toEqual(['open'])
    expect(refused).toEqual({ shut: 'forbidden' })
    expect(calls).toEqual([
      ['ada', 'open', 'subscribe'],
      ['ada', 'shut', 'subscribe'],
    ])
  })

  const notYes: readonly [string, () => unknown][] = [
    ['returns a truthy value', () => 1],
    ['resolves with a truthy value', async () => 'true'],
    ['returns nothing', () => undefined],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ]
  it.each(notYes)('is refused if the hook %s', async (_, hook) => {
    const { url } = await serve({ authorize: hook as Authorize })
    const client = await RawClient.greeted(url)
    expect(answer(await client.subscribe('a')).refused).toEqual({ a: 'forbidden' })
  })

  it('is refused if the hook takes 5 seconds', async () => {
    const clock = new ManualClock()
    const { url, errors } = await serve({ clock, authorize: () => new Promise(() => {}) })
    const client = await RawClient.greeted(url)
    const refused = client.subscribe('a')
    await expect.poll(() => clock.timers).toBe(2)
    await clock.advance(5_000)
    expect(answer(await refused).refused).toEqual({ a: 'forbidden' })
    expect(errors).toHaveLength(1)
  })

  it('is carried out before a later unsubscribe', async () => {
    const may = deferred<boolean>()
    const { server, url } = await serve({ authorize: () => may.promise })
    const client = await RawClient.greeted(url)
    client.send([
      { type: 'subscribe', requestId: 'a', payload: { channels: ['x'] } },
      { type: 'unsubscribe', requestId: 'b', payload: { channels: ['x'] } },
    ])
    await client.settled()
    may.resolve(true)
    expect((await client.take(2)).map(({ type, requestId }) => [type, requestId])).toEqual([
      ['subscribed', 'a'],
      ['unsubscribed', 'b'],
    ])
    expect(server.stats().subscriptions).toBe(0)
  })

  it('leaves no state behind if the connection ends before its reply', async () => {
    const may = deferred<boolean>()
    const { server, url } = await serve({ authorize: () => may.promise })
    const client = await RawClient.greeted(url)
    client.send({ type: 'subscribe', requestId: 'a', payload: { channels: ['x'] } })
    await client.settled()
    client.ws.terminate()
    await expect.poll(() => server.stats().connections).toBe(0)
    may.resolve(true)
    await new Promise(setImmediate)
    expect(server.stats()).toMatchObject({ connections: 0, channels: 0, subscriptions: 0 })
  })

  it('is refused if the broker fails, and may be repeated', async () => {
    let broken = true
    const failing = wrapped({
      subscribe: (next) => (broken ? Promise.reject(new Error('redis')) : next()),
    })
    const { server, url, errors } = await serve({ broker: failing })
    const client = await RawClient.greeted(url)
    expect(answer(await client.subscribe('a')).refused).toEqual({ a: 'internal' })
    // The second error concerns the channel on which servers send each other commands about users.
    expect(errors).toHaveLength(2)
    expect(server.stats().subscriptions).toBe(0)
    broken = false
    await client.subscribe('a')
    await server.publish('a', 'x')
    await client.next('x')
  })

  it('loses and duplicates no event with a slow broker', async () => {
    const gates = { subscribe: deferred<void>(), head: deferred<void>() }
    const { server, url } = await serve({
      broker: wrapped({
        subscribe: async (next) => {
          await gates.subscribe.promise
          return next()
        },
        head: async (next) => {
          const head = await next()
          await gates.head.promise
          return head
        },
      }),
    })
    const client = await RawClient.greeted(url)
    client.send({ type: 'subscribe', requestId: 'r', payload: { channels: ['a'] } })
    await client.settled()
    await server.publish('a', 'n')
    gates.subscribe.resolve()
    await client.settled()
    await server.publish('a', 'n')
    gates.head.resolve()
    expect(answer(await client.next('subscribed')).at.a?.[1]).toBe(1)
    expect(await client.next('n')).toMatchObject({ offset: 2 })
    expect(await client.settled()).toEqual([])
  })

  it('of a subscribed client holds live events until the missed ones are sent', async () => {
    const [before, after] = [deferred<void>(), deferred<void>()]
    const { server, url } = await serve({
      broker: wrapped({
        since: async (next) => {
          await before.promise
          const missed = await next()
          await after.promise
          return missed
        },
      }),
    })
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const { epoch } = await server.publish('a', 'n')
    await server.publish('a', 'n')
    await client.take(2)
    client.send({ ...since([epoch, ['a', 1]]), requestId: 'r' })
    await client.settled()
    await server.publish('a', 'n')
    before.resolve()
    await client.settled()
    await server.publish('a', 'n')
    after.resolve()
    expect(answer(await client.next('subscribed')).at).toEqual({ a: [epoch, 3] })
    expect((await client.take(3)).map(({ offset }) => offset)).toEqual([2, 3, 4])
    expect(await client.settled()).toEqual([])
  })
})

describe('a subscribe with a position', () => {
  it('replays missed events in order, before live events', async () => {
    const { server, url } = await serve()
    const { epoch } = await server.publish('a', 'n', 1)
    for (const n of [2, 3]) await server.publish('a', 'n', n)
    const client = await RawClient.greeted(url)
    const { at, gaps } = answer(await client.request(since([epoch, ['a', 1]])))
    expect(at).toEqual({ a: [epoch, 3] })
    expect(gaps).toBeUndefined()
    await server.publish('a', 'n', 4)
    expect((await client.settled()).map(({ offset, payload }) => [offset, payload])).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ])
  })

  it('gets a reply without the channel if it missed nothing', async () => {
    const { server, url } = await serve()
    const { epoch } = await server.publish('a', 'x')
    const client = await RawClient.greeted(url)
    expect(await client.request(since([epoch, ['a', 1, 'fresh', 0]]))).toMatchObject({
      payload: { at: {} },
    })
    await server.publish('a', 'y')
    await server.publish('fresh', 'z')
    expect((await client.settled()).map(({ offset }) => offset)).toEqual([2, 1])
  })

  it('gets a gap if events may be missing', async () => {
    const clock = new ManualClock()
    const { server, url } = await serve({ clock })
    const { epoch } = await server.publish('old', 'x')
    await server.publish('old', 'y')
    await clock.advance(5 * 60_000 + 1)
    await server.publish('old', 'z')
    await server.publish('a', 'x')
    const client = await RawClient.greeted(url)
    const { at, gaps } = answer(
      await client.request(since(['other', ['b', 0]], [epoch, ['old', 1, 'a', 9]])),
    )
    expect([...(gaps ?? [])].sort()).toEqual(['a', 'b', 'old'])
    expect(at).toEqual({ old: [epoch, 3], a: [epoch, 1], b: [epoch, 0] })
    expect(await client.settled()).toEqual([])
  })

  it('replays events to a subscribed client that detected a gap', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const { epoch } = await server.publish('a', 'n', 1)
    await server.publish('a', 'n', 2)
    expect(await client.settled()).toHaveLength(2)
    await client.request(since([epoch, ['a', 1]]))
    await server.publish('a', 'n', 3)
    expect((await client.settled()).map(({ offset }) => offset)).toEqual([2, 3])
    expect(server.stats().subscriptions).toBe(1)
  })

  it('works on another server that shares the broker', async () => {
    const broker = new MemoryBroker()
    const [one, two] = [await serve({ broker }), await serve({ broker })]
    const client = await RawClient.greeted(one.url)
    const [epoch] = answer(await client.subscribe('a')).at.a ?? ['']
    await one.server.publish('a', 'n', 1)
    await client.next('n')
    client.ws.terminate()
    await two.server.publish('a', 'n', 2)
    const again = await RawClient.greeted(two.url)
    await again.request(since([epoch, ['a', 1]]))
    await one.server.publish('a', 'n', 3)
    expect((await again.settled()).map(({ offset }) => offset)).toEqual([2, 3])
  })

  it('calls authorize again', async () => {
    let may = true
    const { server, url } = await serve({ authorize: () => may })
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const { epoch } = await server.publish('a', 'x')
    await client.next('x')
    may = false
    expect(answer(await client.request(since([epoch, ['a', 1]]))).refused).toEqual({
      a: 'forbidden',
    })
    await server.publish('a', 'y')
    expect(await client.settled()).toEqual([])
  })
})

describe('a family', () => {
  it('carries the events of its channels under its own offsets', async () => {
    const { server, url } = await serve({ families: ['agent'] })
    const client = await RawClient.greeted(url)
    await client.subscribe('agent:*', 'agent:2')
    await server.publish('agent:1', 'x')
    await server.publish('agent:2', 'y')
    await server.publish('agents', 'z')
    const events = await client.settled()
    expect(events.map(({ channel, via, offset }) => [channel, via, offset])).toEqual([
      ['agent:1', 'agent:*', 1],
      ['agent:2', undefined, 1],
      ['agent:2', 'agent:*', 2],
    ])
  })

  it('is resumed and authorized like any channel', async () => {
    const calls: string[] = []
    const { server, url } = await serve({
      families: ['agent'],
      authorize: (_, channel) => calls.push(channel) > 0,
    })
    const { epoch } = await server.publish('agent:1:sub', 'x')
    await server.publish('agent:2', 'y')
    const client = await RawClient.greeted(url)
    await client.request(since([epoch, ['agent:*', 1]]))
    expect(await client.settled()).toMatchObject([
      { channel: 'agent:2', via: 'agent:*', offset: 2 },
    ])
    expect(calls).toEqual(['agent:*'])
  })

  it('cannot be published to', async () => {
    const { server } = await serve({ families: ['agent'] })
    await expect(server.publish('agent:*', 'x')).rejects.toMatchObject({ code: 'bad-channel' })
  })
})
