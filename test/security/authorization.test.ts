import { describe, expect, it } from 'vitest'
import type { Authorize } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { RawClient, serve } from '../server/raw-client.ts'

const authenticate = ({ token }: { readonly token: string | undefined }) =>
  token === undefined ? null : { id: token }

describe('S4 a permission', () => {
  const denials: readonly [string, unknown][] = [
    ['false', () => false],
    ['a truthy value', () => 'yes'],
    ['undefined', () => undefined],
    ['a promise of false', async () => false],
    [
      'an exception',
      () => {
        throw new Error('db')
      },
    ],
    ['a rejection', () => Promise.reject(new Error('db'))],
  ]
  it.each(denials)('is not granted by %s', async (_, hook) => {
    const { url } = await serve({ authorize: hook as Authorize })
    const client = await RawClient.greeted(url)
    const subscribed = await client.subscribe('a')
    expect(subscribed.payload).toMatchObject({ refused: { a: 'forbidden' } })
    const publish = { type: 'publish', channel: 'a', payload: { type: 'x' } }
    expect((await client.request(publish)).payload).toMatchObject({ code: 'forbidden' })
  })

  it('is not granted by a hook that takes 5 seconds', async () => {
    const clock = new ManualClock()
    const { url } = await serve({ clock, authorize: () => new Promise(() => {}) })
    const client = await RawClient.greeted(url)
    const subscribed = client.subscribe('a')
    await expect.poll(() => clock.timers).toBe(2)
    await clock.advance(5_000)
    expect((await subscribed).payload).toMatchObject({ refused: { a: 'forbidden' } })
  })

  it('is granted to subscribe, and denied to publish, without a hook', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    expect((await client.subscribe('a')).payload).not.toHaveProperty('refused')
    const publish = { type: 'publish', channel: 'a', payload: { type: 'x' } }
    expect((await client.request(publish)).payload).toMatchObject({ code: 'forbidden' })
  })

  it('is checked per action, when it is used, and again after every reconnect', async () => {
    const requested: unknown[] = []
    const { server, url } = await serve({
      authenticate,
      authorize: (user, channel, action) => requested.push([user?.id, channel, action]) > 0,
    })
    server.handle('note', () => {})
    for (let n = 0; n < 2; n++) {
      const client = await RawClient.greeted(url, { token: 'ada' })
      await client.subscribe('a')
      await client.request({ type: 'note', channel: 'a' })
      client.ws.terminate()
    }
    const each = [
      ['ada', 'a', 'subscribe'],
      ['ada', 'a', 'request'],
    ]
    expect(requested).toEqual([...each, each[0]])
  })

  it('is decided with the parameters of the subscribe, also where the channel is subscribed to', async () => {
    const seen: unknown[] = []
    const { url } = await serve({
      authorize: (_, channel, action, params) => {
        seen.push([channel, action, params])
        return Object(params).code === 1
      },
    })
    const client = await RawClient.greeted(url)
    const subscribe = async (payload: object) =>
      (await client.request({ type: 'subscribe', payload })).payload
    expect(await subscribe({ channels: ['a'] })).toMatchObject({ refused: { a: 'forbidden' } })
    const granted = await subscribe({ channels: ['a'], params: { code: 1 } })
    expect(granted).toMatchObject({ at: { a: [expect.any(String), 0] } })
    expect(granted).not.toHaveProperty('refused')
    const { at } = granted as { at: { a: [string, number] } }
    const since = [[at.a[0], ['a', 0]]]
    expect(await subscribe({ since, params: { code: 1 } })).not.toHaveProperty('refused')
    const refused = await subscribe({ channels: ['a'], params: { code: 2 } })
    expect(refused).toMatchObject({ refused: { a: 'forbidden' } })
    const publish = { type: 'publish', channel: 'a', payload: { type: 'x' }, params: { code: 1 } }
    expect((await client.request(publish)).payload).toMatchObject({ code: 'forbidden' })
    expect(seen).toEqual([
      ['a', 'subscribe', undefined],
      ['a', 'subscribe', { code: 1 }],
      ['a', 'subscribe', { code: 1 }],
      ['a', 'subscribe', { code: 2 }],
      ['a', 'publish', undefined],
    ])
  })

  it.each([['user:bob'], ['user:ada:inbox'], ['user:'], ['user:*']])(
    'to subscribe to %s is denied to ada, even if the hook grants it',
    async (channel) => {
      const { url } = await serve({ authenticate, authorize: () => true, families: ['user'] })
      const client = await RawClient.greeted(url, { token: 'ada' })
      const { payload } = await client.subscribe('user:ada', channel)
      expect(payload).toMatchObject({ refused: { [channel]: 'forbidden' } })
      const anonymous = await RawClient.greeted(url)
      expect((await anonymous.subscribe('user:ada')).payload).toMatchObject({
        refused: { 'user:ada': 'forbidden' },
      })
    },
  )

  it('to subscribe to the user’s own channel needs no hook, and delivers sendToUser()', async () => {
    const { server, url } = await serve({ authenticate })
    const tabs = [
      await RawClient.greeted(url, { token: 'ada' }),
      await RawClient.greeted(url, { token: 'ada' }),
    ]
    const other = await RawClient.greeted(url, { token: 'bob' })
    await other.subscribe('user:bob')
    for (const tab of tabs) await tab.subscribe('user:ada')
    await server.sendToUser('ada', 'note', 'hello')
    for (const tab of tabs) {
      expect(await tab.next()).toMatchObject({ channel: 'user:ada', type: 'note', offset: 1 })
    }
    expect(await other.settled()).toEqual([])
  })
})

describe('S5 a forbidden channel', () => {
  it('gets the same replies as a channel that does not exist', async () => {
    const rooms = new Map([['room:secret', 'bob']])
    const { server, url } = await serve({
      authenticate,
      authorize: (user, channel) => rooms.get(channel) === user?.id,
    })
    server.handle('open', () => 'opened')
    const client = await RawClient.greeted(url, { token: 'ada' })
    const answers = async (channel: string) => {
      const subscribed = await client.subscribe(channel)
      const published = await client.request({ type: 'publish', channel, payload: { type: 'x' } })
      const opened = await client.request({ type: 'open', channel })
      return JSON.stringify([subscribed, published, opened])
        .replaceAll(channel, '(channel)')
        .replaceAll(/"requestId":"\w+"/g, '')
    }
    expect(await answers('room:secret')).toBe(await answers('room:nowhere'))
  })
})

describe('S6 a channel name', () => {
  it.each([
    ['', 'empty'],
    ['x'.repeat(257), 'too long'],
    ['a\n', 'a line feed'],
    ['a\u0000', 'NUL'],
    ['a\u0085', 'NEL'],
    ['a\ud800', 'half of a surrogate pair'],
    ['\udc00\ud800', 'surrogates in the wrong order'],
    ['*:*', 'a pattern'],
    ['nofamily:*', 'an undeclared family'],
  ])('%j, %2$s, is refused, and does not affect others', async (name) => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    const { payload } = await client.subscribe('fine', name)
    expect(payload).toMatchObject({ at: { fine: expect.anything() } })
    expect(payload).toMatchObject({ refused: { [name]: 'bad-channel' } })
    expect(await client.settled()).toEqual([])
  })

  it('has events, and the server requests, only of types without half a surrogate pair', async () => {
    const { server, url } = await serve({ authorize: () => true })
    await expect(server.publish('a', 'x\ud800')).rejects.toMatchObject({ code: 'bad-option' })
    expect(() => server.handle('x\ud800', () => {})).toThrow(/not a valid request type/)
    const client = await RawClient.greeted(url)
    const event = { type: '\ud800' }
    for (const message of [
      { type: 'publish', channel: 'a', payload: event },
      { type: 'x\ud800' },
    ]) {
      expect((await client.request(message)).payload).toMatchObject({ code: 'bad-frame' })
    }
  })

  it('is compared code point by code point', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url)
    await client.subscribe('caf\u00e9', 'A', 'a?c', '[ab]')
    for (const other of ['cafe\u0301', 'a', 'abc', 'b']) await server.publish(other, 'x')
    expect(await client.settled()).toEqual([])
  })

  it('is checked by validateChannel before the authorize hook is called', async () => {
    const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
    const requested: string[] = []
    const { server, url, errors } = await serve({
      validateChannel: (name) => {
        if (name.endsWith('broken')) throw new Error('hook')
        return !name.startsWith('session:') || UUID.test(name.slice('session:'.length))
      },
      authorize: (_, channel) => requested.push(channel) > 0,
    })
    server.handle('note', () => {})
    const client = await RawClient.greeted(url)
    const good = 'session:123e4567-e89b-12d3-a456-426614174000'
    const { payload } = await client.subscribe('session:1', good, 'broken', 'other')
    expect(payload).toMatchObject({
      refused: { 'session:1': 'bad-channel', broken: 'bad-channel' },
    })
    const publish = { type: 'publish', channel: 'session:1', payload: { type: 'x' } }
    for (const message of [publish, { type: 'note', channel: 'session:1' }]) {
      expect((await client.request(message)).payload).toMatchObject({ code: 'bad-channel' })
    }
    const join = { type: 'presence:join', channel: 'presence:broken' }
    expect((await client.request(join)).payload).toMatchObject({ code: 'bad-channel' })
    expect(requested).toEqual([good, 'other'])
    const failed = { detail: { where: 'validateChannel' } }
    expect(errors).toMatchObject([failed, failed])
    expect(await client.settled()).toEqual([])
  })
})

describe('S12 subscriptions', () => {
  it('are limited to 50 per connection; more are refused, and repeats do not count', async () => {
    const { url } = await serve()
    const client = await RawClient.greeted(url)
    const names = Array.from({ length: 50 }, (_, n) => `c${n}`)
    expect((await client.subscribe(...names)).payload).not.toHaveProperty('refused')
    const { payload } = await client.subscribe('c0', 'c1', 'one more')
    expect(payload).toMatchObject({ refused: { 'one more': 'subscription-limit' } })
    await client.request({ type: 'unsubscribe', payload: { channels: ['c0'] } })
    expect((await client.subscribe('one more')).payload).not.toHaveProperty('refused')
  })
})

describe('S15 a request id', () => {
  it('is valid only for its user and its payload', async () => {
    const { server, url } = await serve({ authenticate })
    let count = 0
    server.handle('add', (by) => {
      count += Number(by)
      return count
    })
    const [ada, bob] = [
      await RawClient.greeted(url, { token: 'ada', senderId: 's' }),
      await RawClient.greeted(url, { token: 'bob', senderId: 's' }),
    ]
    const add = (payload: number) => ({ type: 'add', requestId: 'r', payload })
    expect((await ada.request(add(1))).payload).toBe(1)
    expect((await bob.request(add(1))).payload).toBe(2)
    expect((await ada.request(add(1))).payload).toBe(1)
    expect((await ada.request(add(5))).payload).toMatchObject({ code: 'conflict' })
    expect(count).toBe(2)
  })
})

describe('S21 a stolen position', () => {
  it('resumes nothing for another user', async () => {
    const { server, url } = await serve({
      authenticate,
      authorize: (user) => user?.id === 'ada',
    })
    const ada = await RawClient.greeted(url, { token: 'ada' })
    const { payload } = await ada.subscribe('diary')
    const [epoch] = (payload as { at: Record<string, [string, number]> }).at.diary ?? ['']
    await server.publish('diary', 'entry', 'secret')
    const bob = await RawClient.greeted(url, { token: 'bob' })
    const answer = await bob.request({
      type: 'subscribe',
      payload: { since: [[epoch, ['diary', 0]]] },
    })
    expect(answer.payload).toEqual({ at: {}, refused: { diary: 'forbidden' } })
    expect(await bob.settled()).toEqual([])
  })
})
