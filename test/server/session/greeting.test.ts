import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { deferred, RawClient, serve } from '../raw-client.ts'

const users = new Map([['secret', { id: 'ada', name: 'Ada' }]])

describe('a hello', () => {
  it('gets the user and the limits of the server', async () => {
    const { server, url } = await serve({
      authenticate: ({ token }) => users.get(token ?? ''),
    })
    const client = await RawClient.open(url, { protocols: ['other', 'wirefold.v1'] })
    expect(client.ws.protocol).toBe('wirefold.v1')
    client.send({
      type: 'hello',
      payload: { protocol: 1, clientId: 'c', senderId: 's', token: 'secret', agent: 'test' },
    })
    const { payload } = await client.next('welcome')
    expect(payload).toEqual({
      connectionId: expect.stringMatching(/^[\w-]{22}$/),
      userId: 'ada',
      serverTime: expect.any(Number),
      heartbeatMs: 25_000,
      limits: {
        subscriptions: 50,
        frameBytes: 65_536,
        messagesPerSecond: 100,
        dedupeMs: expect.any(Number),
      },
      tag: expect.stringMatching(/^[\w-]{16}:$/),
    })
    expect(server.connections()).toEqual([
      {
        id: (payload as { connectionId: string }).connectionId,
        dialect: 'native',
        user: { id: 'ada', name: 'Ada' },
        channels: [],
        connectedAt: expect.any(Number),
        lastHeartbeat: expect.any(Number),
      },
    ])
  })

  it('passes the upgrade request to the hook', async () => {
    const seen: unknown[] = []
    const { url } = await serve({
      authenticate: ({ headers, url: path, token }) => {
        seen.push([headers.cookie, path, token])
        return null
      },
    })
    const client = await RawClient.open(`${url}?x=1`, { headers: { cookie: 'session=1' } })
    client.send({ type: 'hello' })
    await client.next('welcome')
    expect(seen).toEqual([['session=1', '/ws?x=1', undefined]])
  })

  it('is accepted as anonymous if the hook returns null', async () => {
    const { url } = await serve({ authenticate: async () => null })
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: {} })
    expect((await client.next('welcome')).payload).not.toHaveProperty('userId')
  })

  const refusals: readonly [string, boolean, () => unknown][] = [
    ['returns nothing', false, () => undefined],
    ['returns something else', false, () => ({ id: 7 })],
    ['returns an empty id', false, () => ({ id: '' })],
    [
      'throws',
      true,
      () => {
        throw new Error('database at 10.0.0.1 is down')
      },
    ],
    ['rejects', true, () => Promise.reject(new Error('database at 10.0.0.1 is down'))],
  ]
  it.each(refusals)('is refused with 4401 if the hook %s', async (_, retryable, hook) => {
    const { url, server } = await serve({ authenticate: hook as () => null })
    const client = await RawClient.open(url)
    client.send([{ type: 'hello' }, { type: 'ping', timestamp: 1 }])
    const text = await client.text()
    expect(JSON.parse(text)).toEqual({
      type: 'error',
      payload: { code: 'not-authenticated', message: expect.any(String), retryable },
    })
    expect(text).not.toContain('10.0.0.1')
    expect(await client.closed).toEqual({ code: 4401, reason: 'not-authenticated' })
    expect(client.texts).toEqual([])
    await expect.poll(() => server.stats().connections).toBe(0)
  })

  it('must arrive within 10 seconds', async () => {
    const clock = new ManualClock()
    const { url } = await serve({ clock })
    const client = await RawClient.open(url)
    await expect.poll(() => clock.timers).toBe(2)
    await clock.advance(9_999)
    expect(client.ws.readyState).toBe(client.ws.OPEN)
    await clock.advance(1)
    expect((await client.closed).code).toBe(4408)
    await expect.poll(() => clock.timers).toBe(0)
  })

  it('leaves no timer after its reply', async () => {
    const clock = new ManualClock()
    const { url } = await serve({ clock })
    const client = await RawClient.greeted(url)
    expect(clock.timers).toBe(1)
    await clock.advance(30_000)
    await client.settled()
  })

  it('delays the messages after it, in its frame and in later ones, until the user is authenticated', async () => {
    const authenticated = deferred<null>()
    const { server, url } = await serve({ authenticate: () => authenticated.promise })
    const order: unknown[] = []
    server.handle('note', (payload) => {
      order.push(payload)
    })
    const client = await RawClient.open(url)
    client.send([
      { type: 'hello' },
      { type: 'subscribe', requestId: 'a', payload: { channels: ['x'] } },
      { type: 'note', requestId: 'b', payload: 1 },
    ])
    client.send({ type: 'note', requestId: 'c', payload: 2 })
    await new Promise((resolve) => client.ws.ping(undefined, undefined, resolve))
    await new Promise((resolve) => client.ws.once('pong', resolve))
    expect(client.texts).toEqual([])
    expect(order).toEqual([])
    authenticated.resolve(null)
    const answers = await client.take(4)
    expect(answers.map(({ type, requestId }) => [type, requestId])).toEqual([
      ['welcome', undefined],
      ['subscribed', 'a'],
      ['reply', 'b'],
      ['reply', 'c'],
    ])
    expect(order).toEqual([1, 2])
  })

  it('delays no more than 256 KiB', async () => {
    const { url } = await serve({ authenticate: () => new Promise(() => {}) })
    const client = await RawClient.open(url)
    client.send({ type: 'hello' })
    const large = { type: 'note', requestId: 'x', payload: 'x'.repeat(60_000) }
    for (let n = 0; n < 6; n++) client.send(large)
    expect((await client.next('error')).payload).toMatchObject({ code: 'rate-limited' })
    expect((await client.closed).code).toBe(4429)
  })

  it('reports a user other than the expected one, and drops the messages meant for that one', async () => {
    const { server, url } = await serve({ authenticate: () => ({ id: 'bob' }) })
    const handled: unknown[] = []
    server.handle('note', (payload) => handled.push(payload))
    const client = await RawClient.open(url)
    client.send([
      { type: 'hello', payload: { expectUser: 'ada' } },
      { type: 'note', requestId: 'a', payload: 1 },
    ])
    expect((await client.next('error')).payload).toMatchObject({ code: 'identity-changed' })
    expect((await client.next('welcome')).payload).toMatchObject({ userId: 'bob' })
    expect(await client.settled()).toEqual([])
    expect(handled).toEqual([])
  })

  it('must be the first message', async () => {
    const { url } = await serve()
    const client = await RawClient.open(url)
    client.send([{ type: 'ping', timestamp: 1 }, { type: 'hello' }])
    expect((await client.next('error')).payload).toMatchObject({ code: 'bad-frame' })
    client.send({ type: 'hello' })
    await client.next('welcome')
    expect(await client.settled()).toEqual([])
  })

  it('is refused the second time', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    client.send({ type: 'hello', payload: { token: 'another' } })
    expect((await client.next('error')).payload).toMatchObject({ code: 'bad-frame' })
  })

  it('of another protocol version is refused with 1008', async () => {
    const { url } = await serve()
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: { protocol: 2 } })
    expect((await client.next('error')).payload).toMatchObject({ code: 'bad-protocol' })
    expect((await client.closed).code).toBe(1008)
  })

  it('must come in a frame of at most 16 KiB', async () => {
    const { url } = await serve()
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: { token: 'x'.repeat(17_000) } })
    expect((await client.next('error')).payload).toMatchObject({ code: 'too-large' })
    expect((await client.closed).code).toBe(1009)
  })
})

describe('a connection', () => {
  it('replies to a ping with its timestamp and the time of the server', async () => {
    const clock = new ManualClock(1_000)
    const { url } = await serve({ clock })
    const client = await RawClient.greeted(url)
    client.send({ type: 'ping', timestamp: 42 })
    expect(await client.next()).toEqual({
      type: 'pong',
      payload: { timestamp: 42, serverTime: 1_000 },
    })
  })

  it('refuses malformed frames, and closes with 4400 at the 3rd within a minute', async () => {
    const clock = new ManualClock()
    const { url } = await serve({ clock })
    const client = await RawClient.greeted(url)
    const refusal = async () => (await client.next('error')).payload
    client.send('{')
    expect(await refusal()).toEqual({
      code: 'bad-frame',
      message: 'The message could not be read: not JSON.',
      retryAfterMs: 1_000,
      retryable: false,
    })
    client.send([null, 1, 'x', {}])
    expect(await refusal()).toMatchObject({ code: 'bad-frame' })
    await clock.advance(60_000)
    client.send('"text"')
    await refusal()
    client.send('{}')
    await refusal()
    expect(await client.settled()).toEqual([])
    client.send('[')
    await refusal()
    expect(await client.closed).toEqual({ code: 4400, reason: 'malformed frames' })
  })

  it('refuses a malformed message by its request id if it has one', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    client.send([{ requestId: 'a', type: 5 }, { type: 'ping', timestamp: 3 }, { requestId: 'b' }])
    expect((await client.next('pong')).payload).toMatchObject({ timestamp: 3 })
    expect((await client.take(2)).map(({ requestId }) => requestId)).toEqual(['a', 'b'])
  })

  it('closes binary frames with 1003 and frames too large with 1009', async () => {
    const { url } = await serve()
    const binary = await RawClient.greeted(url)
    binary.send(new Uint8Array([123, 125]))
    expect((await binary.closed).code).toBe(1003)
    const large = await RawClient.greeted(url)
    large.send(`"${'x'.repeat(65_536)}"`)
    expect((await large.closed).code).toBe(1009)
  })

  it('accepts a frame of exactly 64 KiB', async () => {
    const { url, server } = await serve()
    server.handle('measure', (payload) => String(payload).length)
    const client = await RawClient.greeted(url)
    const frame = (payload: string) => JSON.stringify({ type: 'measure', requestId: 'a', payload })
    const length = 65_536 - frame('').length
    client.send(frame('x'.repeat(length)))
    expect(await client.next('reply')).toMatchObject({ payload: length })
  })
})
