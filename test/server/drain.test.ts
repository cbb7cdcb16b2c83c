import { describe, expect, it } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { duuiMount, entityMount, MemoryBroker, topicsMount } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { deferred, RawClient, serve } from './raw-client.ts'

const restarting = { code: 1012, reason: '{"windowMs":10000}' }

async function draining(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const served = await serve({ clock, ...options })
  const done: string[] = []
  const drain = (options = {}) => {
    const drained = served.server.drain(options).then(() => {
      done.push('drained')
    })
    return drained
  }
  return { ...served, clock, done, drain }
}

describe('a server that drains', () => {
  it('sends every client a goaway, and one that still greets after its welcome', async () => {
    const knows = deferred<null>()
    const { url, drain, clock } = await draining({
      authenticate: ({ token }) => (token === 'late' ? knows.promise : null),
    })
    const ready = await RawClient.greeted(url)
    const late = await RawClient.open(url)
    late.send([
      { type: 'hello', payload: { token: 'late' } },
      { type: 'ping', timestamp: 1 },
    ])
    const silent = await RawClient.open(url)
    await ready.settled()
    const drained = drain()
    const goaway = {
      type: 'goaway',
      payload: { deadlineMs: 30_000, windowMs: 10_000, reason: 'the server restarts' },
    }
    expect(await ready.next()).toEqual(goaway)
    knows.resolve(null)
    expect((await late.take(3)).map(({ type }) => type)).toEqual(['welcome', 'goaway', 'pong'])
    silent.send({ type: 'hello' })
    expect((await silent.take(2))[1]).toEqual(goaway)
    await clock.advance(30_000)
    await drained
  })

  it('uses the default in place of an option that has the wrong type, and reports that', async () => {
    const { url, drain, server, errors } = await draining()
    const client = await RawClient.greeted(url)
    const drained = drain({ deadlineMs: '500', windowMs: null, reason: 5 })
    expect((await client.next('goaway')).payload).toEqual({
      deadlineMs: 30_000,
      windowMs: 10_000,
      reason: 'the server restarts',
    })
    expect(errors).toMatchObject([{ code: 'bad-option', detail: { option: 'deadlineMs' } }])
    await server.close()
    await drained
  })

  it('sends the deadline, window and reason that it is given', async () => {
    const { url, drain, server } = await draining()
    const client = await RawClient.greeted(url)
    const drained = drain({ deadlineMs: 500, windowMs: 1_000, reason: 'deploy' })
    expect((await client.next('goaway')).payload).toEqual({
      deadlineMs: 500,
      windowMs: 500,
      reason: 'deploy',
    })
    await server.close()
    await drained
  })

  it('refuses new sockets with 503 and a retry-after header', async () => {
    const { url, drain, clock } = await draining()
    const client = await RawClient.greeted(url)
    const drained = drain({ deadlineMs: 2_500 })
    const late = new RawClient(url)
    const answer = await new Promise((resolve) =>
      late.ws.on('unexpected-response', (_, { statusCode, headers }) =>
        resolve([statusCode, headers['retry-after']]),
      ),
    )
    expect(answer).toEqual([503, '3'])
    await client.next('goaway')
    await clock.advance(2_500)
    await drained
  })

  it('closes a connection that has unsubscribed from all its channels', async () => {
    const { url, server, drain, done } = await draining()
    const [moved, stays] = [await RawClient.greeted(url), await RawClient.greeted(url)]
    for (const client of [moved, stays]) await client.subscribe('a', 'b')
    const drained = drain()
    for (const client of [moved, stays]) await client.next('goaway')
    await moved.request({ type: 'unsubscribe', payload: { channels: ['a'] } })
    expect(await moved.settled()).toEqual([])
    await moved.request({ type: 'unsubscribe', payload: { channels: ['b'] } })
    expect(await moved.closed).toEqual(restarting)
    await server.publish('a', 'x')
    await stays.next('x')
    expect(done).toEqual([])
    stays.ws.close()
    await drained
  })

  it('finishes requests in flight before it closes a connection', async () => {
    const { url, server, drain, clock } = await draining()
    const runs = [deferred<string>(), deferred<string>()]
    server.handle('slow', (n) => runs[Number(n)]?.promise)
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    client.send([0, 1].map((n) => ({ type: 'slow', requestId: `r${n}`, payload: n })))
    await client.settled()
    const drained = drain()
    await client.next('goaway')
    await client.request({ type: 'unsubscribe', payload: { channels: ['a'] } })
    runs[1]?.resolve('second')
    expect(await client.next('reply')).toMatchObject({ payload: 'second' })
    await clock.advance(10_000)
    expect(await client.settled()).toEqual([])
    runs[0]?.resolve('first')
    expect(await client.next('reply')).toMatchObject({ payload: 'first' })
    expect(await client.closed).toEqual(restarting)
    await drained
  })

  it('carries out all requests of a message before it closes a connection', async () => {
    const { url, server, drain } = await draining()
    const ran: unknown[] = []
    server.handle('leave', (_, { connectionId }) => server.revoke(connectionId, 'a'))
    server.handle('note', (n) => ran.push(n))
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const drained = drain()
    await client.next('goaway')
    const notes = [0, 1].map((n) => ({ type: 'note', requestId: `r${n}`, payload: n }))
    client.send([{ type: 'leave', requestId: 'l' }, ...notes])
    expect(await client.closed).toEqual(restarting)
    expect(ran).toEqual([0, 1])
    await drained
  })

  it('closes a connection that never had a channel after the whole window', async () => {
    const { url, server, drain, clock } = await draining()
    server.handle('echo', (payload) => payload)
    const client = await RawClient.greeted(url)
    const drained = drain()
    await client.next('goaway')
    await clock.advance(9_999)
    expect((await client.request({ type: 'echo', payload: 1 })).payload).toBe(1)
    expect(await client.settled()).toEqual([])
    await clock.advance(1)
    expect(await client.closed).toEqual(restarting)
    await drained
  })

  it('closes a connection whose protocol has no goaway after the window', async () => {
    const { url, server, drain, clock } = await draining()
    server.mount('/p/:id', duuiMount())
    const streaming = await RawClient.open(`${url.slice(0, -'/ws'.length)}/p/1`)
    await expect.poll(() => server.stats().channels).toBe(1)
    const drained = drain()
    await clock.advance(9_999)
    expect(server.stats().connections).toBe(1)
    await clock.advance(1)
    expect(await streaming.closed).toEqual(restarting)
    await drained
  })

  it.each([
    ['entity', entityMount(), { type: 'subscribe', channel: 'a', requestId: '1' }],
    ['topics', topicsMount(), { type: 'subscribe', topics: ['a'], message_id: '1' }],
  ])(
    'closes a subscribed client of %s after the window, once its requests are done',
    async (_name, mount, subscribe) => {
      const { url, server, drain, clock } = await draining()
      server.mount('/m', mount)
      const [slow, ran] = [deferred<string>(), { count: 0 }]
      server.handle('fast', () => ++ran.count)
      server.handle('slow', () => {
        ran.count++
        return slow.promise
      })
      const open = () => RawClient.open(url.replace('/ws', '/m'))
      const [idle, busy] = [await open(), await open()]
      for (const client of [idle, busy]) client.send(subscribe)
      await expect.poll(() => server.channels.members('a')).toHaveLength(2)
      const drained = drain()
      // A request that ends within the window ends no connection.
      for (const client of [idle, busy]) client.send({ type: 'fast' })
      busy.send({ type: 'slow' })
      await expect.poll(() => ran.count).toBe(3)
      await clock.advance(9_999)
      expect(server.stats().connections).toBe(2)
      await clock.advance(1)
      expect(await idle.closed).toEqual(restarting)
      await expect.poll(() => server.stats().connections).toBe(1)
      slow.resolve('done')
      expect(await busy.closed).toEqual(restarting)
      await drained
    },
  )

  it('closes the remaining connections at the deadline, with the window as the reason', async () => {
    const { url, server, drain, clock, done } = await draining()
    server.mount('/p/:id', duuiMount())
    server.handle('never', () => new Promise(() => {}))
    const [subscribed, requesting] = [await RawClient.greeted(url), await RawClient.greeted(url)]
    await subscribed.subscribe('a')
    requesting.send({ type: 'never', requestId: 'r' })
    const streaming = await RawClient.open(`${url.slice(0, -'/ws'.length)}/p/1`)
    await expect.poll(() => server.stats().channels).toBe(2)
    await requesting.settled()
    const drained = drain()
    await clock.advance(29_999)
    await subscribed.next('goaway')
    await server.publish('a', 'x')
    await subscribed.next('x')
    expect(done).toEqual([])
    await clock.advance(1)
    for (const client of [subscribed, requesting, streaming])
      expect(await client.closed).toEqual(restarting)
    await drained
    expect(server.stats()).toMatchObject({ connections: 0, channels: 0, subscriptions: 0 })
    expect(clock.timers).toBe(0)
  })

  it('is closed once all connections have ended, without waiting', async () => {
    const { url, server, drain, clock } = await draining()
    const client = await RawClient.greeted(url)
    const drained = drain()
    client.ws.close()
    await drained
    expect(clock.timers).toBe(0)
    await expect(server.publish('a', 'x')).rejects.toMatchObject({ code: 'closed' })
    const empty = await draining()
    await empty.drain()
    expect(empty.clock.timers).toBe(0)
  })

  it('drains once, and can be closed meanwhile', async () => {
    const { url, server, clock } = await draining()
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    const drained = server.drain()
    expect(server.drain({ deadlineMs: 1 })).toBe(drained)
    await client.next('goaway')
    expect(await client.settled()).toEqual([])
    const closing = server.close()
    expect((await client.closed).code).toBe(1001)
    await Promise.all([drained, closing])
    expect(server.close()).toBe(closing)
    expect(clock.timers).toBe(0)
    const closed = await serve()
    await closed.server.close()
    await closed.server.drain()
  })

  it('loses no event of a client that resumes on another server', async () => {
    const broker = new MemoryBroker()
    const [old, next] = [await draining({ broker }), await serve({ broker })]
    const before = await RawClient.greeted(old.url)
    await before.subscribe('a')
    const { epoch } = await old.server.publish('a', 'n')
    await before.next('n')
    const drained = old.drain()
    await before.next('goaway')
    const after = await RawClient.greeted(next.url)
    await old.server.publish('a', 'n')
    await after.request({ type: 'subscribe', payload: { since: [[epoch, ['a', 1]]] } })
    before.ws.close()
    await drained
    await next.server.publish('a', 'n')
    expect((await after.settled()).map(({ offset }) => offset)).toEqual([2, 3])
  })
})
