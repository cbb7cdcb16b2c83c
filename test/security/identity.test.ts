import { describe, expect, it } from 'vitest'
import type { AuthReason } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import type { RealtimeServerOptions } from 'wirefold/server'
import { duuiMount } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { RawClient, serve } from '../server/raw-client.ts'
import { connect, until } from '../support/live.ts'

/** A server on virtual time with tokens `user:seconds`, and the received tokens. */
async function tokenServer(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const tokens: unknown[] = []
  const served = await serve({
    clock,
    heartbeatMs: 600_000,
    authorize: () => true,
    authenticate: ({ token = '' }) => {
      tokens.push(token)
      const [id, seconds] = token.split(':')
      if (!id) return undefined
      return seconds ? { user: { id }, expiresAt: clock.wall() + Number(seconds) * 1_000 } : { id }
    },
    ...options,
  })
  const greeted = (token: string) => RawClient.greeted(served.url, { token })
  return { ...served, clock, tokens, greeted }
}

describe('S2 a token', () => {
  it('is read from the first message, and never from the query with the native protocol', async () => {
    const { url, tokens } = await tokenServer()
    const client = await RawClient.open(`${url}?token=ada`)
    client.send({ type: 'hello' })
    expect((await client.next('error')).payload).toMatchObject({ code: 'not-authenticated' })
    expect((await client.closed).code).toBe(4401)
    expect(tokens).toEqual([''])
  })

  it('is read from the query if the dialect sends it there', async () => {
    const { server, url, tokens } = await tokenServer()
    server.mount('/processes/:id', duuiMount())
    await RawClient.open(`${url.replace('/ws', '/processes/p1')}?token=ada`)
    await until(() => expect(tokens).toEqual(['ada']))
  })

  it('is expected within 10 seconds, in at most 16 KiB', async () => {
    const { url, clock } = await tokenServer()
    const [silent, large] = [await RawClient.open(url), await RawClient.open(url)]
    large.send({ type: 'hello', payload: { token: 'x'.repeat(16_384) } })
    expect((await large.closed).code).toBe(1009)
    await clock.advance(10_000)
    expect((await silent.closed).code).toBe(4408)
  })
})

describe('S2 a user', () => {
  it.each([{ id: 'a\ud800' }, { user: { id: '\udc00' } }, { id: '' }])(
    'whose id is empty or has half a surrogate pair is refused, and that is reported: %j',
    async (answer) => {
      const { url, errors } = await serve({ authenticate: () => answer })
      const client = await RawClient.open(url)
      client.send({ type: 'hello' })
      expect((await client.next('error')).payload).toMatchObject({ code: 'not-authenticated' })
      expect((await client.closed).code).toBe(4401)
      expect(errors).toMatchObject([
        { code: 'handler-failed', message: expect.stringContaining('authenticate') },
      ])
    },
  )

  it('whose id throws when it is read is refused, and that is reported', async () => {
    const unreadable = (): never => {
      throw new Error('unreadable')
    }
    const authenticate = () => Object.defineProperty({ id: '' }, 'id', { get: unreadable })
    const { url, errors } = await serve({ authenticate })
    const client = await RawClient.open(url)
    client.send({ type: 'hello' })
    expect((await client.next('error')).payload).toMatchObject({ code: 'not-authenticated' })
    expect((await client.closed).code).toBe(4401)
    expect(errors).toMatchObject([{ code: 'handler-failed', cause: { message: 'unreadable' } }])
  })
})

describe('S3 credentials', () => {
  it('have their expiry announced, after which the connection is closed with 4401', async () => {
    const { greeted, clock } = await tokenServer()
    const client = await greeted('ada:100')
    const expiresAt = clock.wall() + 100_000
    await clock.advance(69_999)
    expect(await client.settled()).toEqual([])
    await clock.advance(1)
    expect(await client.next()).toEqual({ type: 'auth:expiring', payload: { expiresAt } })
    await clock.advance(29_999)
    expect(await client.settled()).toEqual([])
    await clock.advance(1)
    expect((await client.next('error')).payload).toMatchObject({ code: 'not-authenticated' })
    expect(await client.closed).toEqual({ code: 4401, reason: 'not-authenticated' })
  })

  it('are refused if they have expired already', async () => {
    const { url } = await tokenServer()
    const client = await RawClient.open(url)
    client.send({ type: 'hello', payload: { token: 'ada:0' } })
    expect((await client.closed).code).toBe(4401)
  })

  it('are renewed by `auth`, without a reconnect', async () => {
    const { greeted, clock } = await tokenServer()
    const client = await greeted('ada:60')
    await clock.advance(10_000)
    const reply = await client.request({ type: 'auth', payload: { token: 'ada:60' } })
    expect(reply).toMatchObject({ type: 'reply', payload: { expiresAt: clock.wall() + 60_000 } })
    await clock.advance(51_000)
    expect((await client.settled()).map(({ type }) => type)).toEqual(['auth:expiring'])
    expect(await client.request({ type: 'auth', payload: { token: 'ada' } })).toMatchObject({
      type: 'reply',
      payload: {},
    })
    await clock.advance(20_000)
    expect(await client.settled()).toEqual([])
  })

  it('remain valid if their renewal is refused', async () => {
    const { greeted, clock } = await tokenServer()
    const client = await greeted('ada:20')
    expect(await client.request({ type: 'auth', payload: { token: '' } })).toMatchObject({
      type: 'error',
      payload: { code: 'not-authenticated' },
    })
    await clock.advance(10_000)
    await client.next('auth:expiring')
    await clock.advance(10_000)
    expect((await client.closed).code).toBe(4401)
  })

  it.each(['bob', 'bob:60'])('of another user (%s) close the connection', async (token) => {
    const { greeted } = await tokenServer()
    const client = await greeted('ada')
    expect(await client.request({ type: 'auth', payload: { token } })).toMatchObject({
      payload: { code: 'identity-changed' },
    })
    expect(await client.closed).toEqual({ code: 4401, reason: 'identity-changed' })
  })

  it('can change the permissions of the user, but not the user id', async () => {
    let role = 'reader'
    const { url, server } = await serve({
      authenticate: () => ({ id: 'ada', name: role }),
      authorize: (user) => user?.name === 'writer',
    })
    const client = await RawClient.greeted(url)
    expect((await client.subscribe('a')).payload).toMatchObject({ refused: { a: 'forbidden' } })
    role = 'writer'
    await client.request({ type: 'auth', payload: { token: 't' } })
    expect((await client.subscribe('a')).payload).not.toHaveProperty('refused')
    expect(server.connections()).toMatchObject([{ user: { id: 'ada', name: 'writer' } }])
  })

  it('are renewed by the client as soon as the server announces their expiry', async () => {
    const { url, clock, tokens, server } = await tokenServer()
    const reasons: AuthReason[] = []
    const { client, errors } = connect(url, {
      auth: (reason) => {
        reasons.push(reason)
        return 'ada:60'
      },
    })
    await client.connect()
    await clock.advance(30_000)
    await until(() => expect(tokens).toHaveLength(2))
    await until(() => expect(server.stats().sent).toBe(3))
    await clock.advance(29_000)
    expect(reasons).toEqual(['connect', 'expiring'])
    expect(client.stats()).toMatchObject({ opens: 1, reconnects: 0 })
    // The renewed credentials are not renewed again: the connection ends, and the client reconnects.
    await clock.advance(1_000)
    expect(client.state.get().name).toBe('open')
    expect(errors).toEqual([])
  })

  it('cost the client one connection if they are not renewed', async () => {
    const { url, clock } = await tokenServer()
    const given = ['ada:10', undefined, 'ada']
    const { client } = connect(url, { auth: () => given.shift() })
    await client.connect()
    await clock.advance(5_000)
    await until(() => expect(given).toEqual(['ada']))
    await clock.advance(5_000)
    await until(() => expect(client.stats().opens).toBe(2))
    expect(client.state.get().name).toBe('open')
  })
})

describe('S3 an application', () => {
  it('closes one connection, or all of a user, at once', async () => {
    const { server, greeted } = await tokenServer()
    const [one, two, other] = [await greeted('ada'), await greeted('ada'), await greeted('bob')]
    const [first] = server.connections()
    server.disconnect(first?.id ?? '', { code: 4403, reason: 'banned' })
    expect(await one.closed).toEqual({ code: 4403, reason: 'banned' })
    server.disconnectUser('ada')
    expect(await two.closed).toEqual({ code: 4401, reason: 'signed out' })
    await until(() => expect(server.stats()).toMatchObject({ connections: 1, users: 1 }))
    server.disconnect(first?.id ?? '')
    server.disconnectUser('ada')
    expect(await other.settled()).toEqual([])
  })

  it('revokes a channel, and the client is notified and does not subscribe again', async () => {
    const { server, url, greeted } = await tokenServer()
    const { client } = connect(url, { auth: () => 'ada' })
    const received: unknown[] = []
    const channels = new ChannelSubscriber(client)
    const subscription = channels.subscribe('a', (payload) => received.push(payload))
    await subscription.ready
    const raw = await greeted('ada')
    await raw.subscribe('a', 'b')
    server.revokeUser('ada', 'a')
    expect(await raw.next()).toEqual({
      type: 'unsubscribed',
      channel: 'a',
      payload: { code: 'forbidden', message: 'This is not allowed.', retryable: false },
    })
    await until(() => expect(subscription.status.get().name).toBe('refused'))
    await server.publish('a', 'x', 1)
    await server.publish('b', 'x', 1)
    expect(await raw.next()).toMatchObject({ channel: 'b' })
    expect(received).toEqual([])
    server.revoke(server.connections().at(-1)?.id ?? '', 'b')
    await raw.next('unsubscribed')
    expect(server.stats().subscriptions).toBe(0)
  })
})
