import { describe, expect, it } from 'vitest'
import type { Auth, AuthReason, Credentials } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import { settle } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'
import { wideDialect } from '../support/wide-dialect.ts'

function signedIn(auth: Auth) {
  const parts = scripted({ answer: () => 'ok' }, { auth })
  const tokens = () =>
    parts.server.messages
      .filter(({ type }) => type === 'hello')
      .map(({ payload }) => (payload as { token?: string }).token)
  return { ...parts, tokens }
}

describe('credentials of a client', () => {
  it('are requested before every connection attempt, and sent in the greeting', async () => {
    let n = 0
    const reasons: AuthReason[] = []
    const { clock, server, client, tokens } = signedIn(async (reason) => {
      reasons.push(reason)
      return `token ${++n}`
    })
    void client.connect()
    await clock.advance(1)
    server.drop()
    await clock.advance(2_000)
    expect(tokens()).toEqual(['token 1', 'token 2'])
    expect(reasons).toEqual(['connect', 'connect'])
  })

  it('are requested before the client moves to another server, too', async () => {
    let n = 0
    const { clock, server, client, tokens } = signedIn(() => `token ${++n}`)
    await Promise.all([client.connect(), clock.advance(1)])
    server.send({ type: 'goaway', payload: { deadlineMs: 1_000, windowMs: 100 } })
    await clock.advance(200)
    expect(tokens()).toEqual(['token 1', 'token 2'])
    expect(client.stats().opens).toBe(1)
  })

  it('can be an object, for backends that expect them outside the greeting', async () => {
    const { clock, server, client, tokens } = signedIn(() => ({ token: 't', protocols: ['x.1'] }))
    void client.connect()
    await clock.advance(1)
    expect(tokens()).toEqual(['t'])
    expect(server.transport.last.protocols).toEqual(['wirefold.v1', 'x.1'])
  })

  it('reach the transport with the address, for one that sends headers', async () => {
    const given: unknown[] = []
    const transport: TransportFactory = {
      name: 'with headers',
      open(_url, _protocols, _handlers, credentials) {
        given.push(credentials)
        return { bufferedAmount: 0, send() {}, close() {} }
      },
    }
    const auths: readonly (Auth | undefined)[] = [
      () => 't',
      () => ({ query: { a: '1' } }),
      undefined,
    ]
    for (const auth of auths) {
      const { client, clock } = scripted({}, { transport, auth })
      client.connect().catch(() => {})
      await clock.advance(1)
      client.close()
    }
    expect(given).toEqual([{ token: 't' }, { query: { a: '1' } }, {}] satisfies Credentials[])
  })

  it('are requested once more after a refusal; a second refusal fails the client', async () => {
    const reasons: AuthReason[] = []
    const { clock, server, client } = signedIn((reason) => {
      reasons.push(reason)
      return 'stale'
    })
    server.silent = true
    const connected = outcomeOf(client.connect())
    await clock.advance(1)
    server.drop(4401, 'expired')
    await clock.advance(2_000)
    expect(reasons).toEqual(['connect', 'refused'])
    server.drop(4401, 'expired')
    await clock.advance(600_000)
    expect(reasons).toHaveLength(2)
    expect(client.state.get()).toMatchObject({ name: 'failed' })
    expect(connected.error).toMatchObject({ code: 'failed', detail: { closeCode: 4401 } })
  })

  it('are requested once more at each disconnect if the refused ones were replaced successfully', async () => {
    const reasons: AuthReason[] = []
    const { clock, server, client } = signedIn((reason) => {
      reasons.push(reason)
      return reason
    })
    await Promise.all([client.connect(), clock.advance(1)])
    for (let n = 0; n < 3; n++) {
      server.drop(4401, 'expired')
      await clock.advance(20_000)
      expect(client.state.get().name).toBe('open')
    }
    expect(reasons).toEqual(['connect', 'refused', 'refused', 'refused'])
  })

  it('are refused by the close codes that the dialect names', async () => {
    for (const [code, name, asked] of [
      [4009, 'failed', ['connect', 'refused']],
      [4401, 'open', ['connect', 'connect', 'connect']],
    ] as const) {
      const reasons: AuthReason[] = []
      const { clock, server, client } = scripted(
        {},
        {
          dialect: () => wideDialect({ deniedCloseCodes: [4009] }),
          auth(reason) {
            reasons.push(reason)
            return 'stale'
          },
        },
      )
      client.on('failed', () => {})
      server.silent = true
      client.connect().catch(() => {})
      await clock.advance(1)
      server.drop(code)
      await clock.advance(2_000)
      server.silent = false
      server.drop(code)
      await clock.advance(10_000)
      expect(reasons).toEqual(asked)
      expect(client.state.get().name).toBe(name)
      client.close()
    }
  })

  it('fail the client at the first refusal if the client has no auth()', async () => {
    const { clock, server, client } = scripted()
    client.on('failed', () => {})
    server.silent = true
    void client.connect()
    await clock.advance(1)
    server.drop(4401)
    await clock.advance(60_000)
    expect(client.state.get().name).toBe('failed')
    expect(server.transport.ends).toHaveLength(1)
  })

  it('cost one attempt if auth() throws, rejects or never settles', async () => {
    let n = 0
    const { clock, server, client, errors } = signedIn(() => {
      n++
      if (n === 1) throw new Error('signed out')
      if (n === 2) return Promise.reject(new Error('no network'))
      return new Promise<string>(() => {})
    })
    const connected = outcomeOf(client.connect())
    await clock.advance(30_000)
    expect(errors).toMatchObject([{ message: 'signed out' }, { message: 'no network' }])
    expect(server.transport.ends).toHaveLength(0)
    expect(client.state.get()).toMatchObject({ name: 'connecting', phase: 'authorizing' })
    client.close()
    await settle()
    expect(connected.error).toMatchObject({ code: 'closed' })
    expect(clock.timers).toBe(0)
  })

  it('open no connection if they arrive after close()', async () => {
    let give: (token: string) => void = () => {}
    const { clock, server, client } = signedIn(
      () =>
        new Promise<string>((resolve) => {
          give = resolve
        }),
    )
    void client.connect()
    await clock.advance(1)
    client.close()
    give('late')
    await clock.advance(60_000)
    expect(server.transport.ends).toHaveLength(0)
  })

  it('are renewed on the open connection when the server announces their expiry', async () => {
    const reasons: AuthReason[] = []
    const { clock, server, client, errors } = signedIn((reason) => {
      reasons.push(reason)
      return `for ${reason}`
    })
    await Promise.all([client.connect(), clock.advance(1)])
    for (let n = 0; n < 3; n++) server.send({ type: 'auth:expiring', payload: { expiresAt: 1 } })
    await clock.advance(1)
    expect(reasons[1]).toBe('expiring')
    expect(server.messages.at(-1)).toMatchObject({
      type: 'auth',
      payload: { token: 'for expiring' },
    })
    expect(server.transport.ends).toHaveLength(1)
    expect(errors).toEqual([])
  })

  it('are requested once for concurrent renewals', async () => {
    let requested = 0
    const { clock, server, client } = signedIn(async () => {
      requested++
      await new Promise<void>((resolve) => clock.after(100, resolve))
      return 'token'
    })
    void client.connect()
    await clock.advance(200)
    for (let n = 0; n < 5; n++) server.send({ type: 'auth:expiring' })
    await clock.advance(50)
    expect(requested).toBe(2)
    await clock.advance(200)
    expect(server.count('auth')).toBeGreaterThanOrEqual(1)
  })
})

/** A client whose `auth` promises are resolved by the test, one by one. */
function pendingAuth() {
  const calls: { reason: AuthReason; give: (token: string) => void }[] = []
  const auth: Auth = (reason) =>
    new Promise<string>((give) => {
      calls.push({ reason, give })
    })
  const parts = signedIn(auth)
  const give = async (at: number, token: string) => {
    calls[at]?.give(token)
    await parts.clock.advance(1)
  }
  return { ...parts, calls, give }
}

describe('a call of auth()', () => {
  it('ends with its attempt: the next attempt calls auth() again, and the late result is dropped', async () => {
    const { clock, client, tokens, calls, give } = pendingAuth()
    void client.connect()
    await clock.advance(12_000)
    expect(calls.map(({ reason }) => reason)).toEqual(['connect', 'connect'])
    await give(0, 'late')
    expect(client.state.get()).toMatchObject({ name: 'connecting', phase: 'authorizing' })
    await give(1, 'new')
    expect(client.state.get().name).toBe('open')
    expect(tokens()).toEqual(['new'])
  })

  it('ends with close(): a later result never connects another user', async () => {
    const { clock, client, tokens, calls, give } = pendingAuth()
    client.connect().catch(() => {})
    await clock.advance(100)
    client.close()
    void client.connect()
    await clock.advance(100)
    expect(calls).toHaveLength(2)
    await give(0, 'anna')
    await give(1, 'bert')
    expect(client.state.get().name).toBe('open')
    expect(tokens()).toEqual(['bert'])
  })

  it('for a renewal ends with its connection, and the next connection renews by itself', async () => {
    const { clock, server, client, calls, give, errors } = pendingAuth()
    void client.connect()
    await clock.advance(1)
    await give(0, 'first')
    server.send({ type: 'auth:expiring' })
    await clock.advance(1)
    server.drop()
    await clock.advance(1_000)
    await give(2, 'second')
    server.send({ type: 'auth:expiring' })
    await clock.advance(1)
    expect(calls.map(({ reason }) => reason)).toEqual([
      'connect',
      'expiring',
      'connect',
      'expiring',
    ])
    await give(1, 'late')
    expect(server.count('auth')).toBe(0)
    await give(3, 'renewed')
    expect(server.messages.at(-1)).toMatchObject({ type: 'auth', payload: { token: 'renewed' } })
    expect(errors).toEqual([])
  })

  it('for a renewal is repeated if the server repeats its notice after 10 s', async () => {
    const { clock, server, client, calls, give } = pendingAuth()
    void client.connect()
    await clock.advance(1)
    await give(0, 'first')
    for (let n = 0; n < 3; n++) {
      server.send({ type: 'auth:expiring' })
      await clock.advance(6_000)
    }
    expect(calls).toHaveLength(3)
    await give(1, 'late')
    expect(server.count('auth')).toBe(0)
    await give(2, 'renewed')
    expect(server.count('auth')).toBe(1)
  })
})

describe('a change of user', () => {
  it('rejects the requests of the former user if the server reports the change during the greeting', async () => {
    const { clock, server, client } = signedIn(() => 'token')
    server.welcome = { userId: 'ann' }
    const channels = new ChannelSubscriber(client)
    channels.subscribe('news', () => {})
    await clock.advance(1)
    server.silent = true
    server.drop()
    await clock.advance(1)
    const former = outcomeOf(client.request('pay'))
    await clock.advance(2_000)
    expect(server.messages.at(-2)).toMatchObject({ type: 'subscribe' })
    expect(server.messages.filter(({ type }) => type === 'hello').at(-1)).toMatchObject({
      payload: { expectUser: 'ann' },
    })
    // Like the server, which then drops the rest of the greeting's array.
    server.subscribed.clear()
    server.silent = false
    server.send({ type: 'error', payload: { code: 'identity-changed' } })
    server.send({ type: 'welcome', payload: { userId: 'bob' } })
    await clock.advance(1)
    expect(former.error).toMatchObject({ code: 'identity-changed' })
    expect([...server.subscribed]).toEqual(['news'])
    const own = outcomeOf(client.request('pay'))
    await clock.advance(1)
    expect(own).toEqual({ value: 'ok' })
  })

  it('is detected from the welcome alone', async () => {
    const { clock, server, client } = signedIn(() => 'token')
    server.welcome = { userId: 'ann' }
    await Promise.all([client.connect(), clock.advance(1)])
    server.silent = true
    server.drop()
    await clock.advance(1)
    const former = outcomeOf(client.request('pay'))
    const subscription = new ChannelSubscriber(client).subscribe('news', () => {})
    await clock.advance(2_000)
    const { requestId } = server.messages.filter(({ type }) => type === 'subscribe').at(-1) ?? {}
    server.send({ type: 'welcome', payload: { userId: 'bob' } })
    server.send({ type: 'subscribed', requestId, payload: {} })
    await clock.advance(1)
    expect(subscription.status.get().name).toBe('live')
    expect(former.error).toMatchObject({ code: 'identity-changed', detail: { userId: 'bob' } })
  })
})
