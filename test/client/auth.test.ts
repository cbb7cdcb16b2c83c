import { describe, expect, it } from 'vitest'
import type { Auth, AuthReason } from 'wirefold'
import { ChannelSubscriber } from 'wirefold'
import { settle } from 'wirefold/testing'
import { outcomeOf, scripted } from '../support/scripted.ts'

function signedIn(auth: Auth) {
  const parts = scripted({ answer: () => 'ok' }, { auth })
  const tokens = () =>
    parts.server.messages
      .filter(({ type }) => type === 'hello')
      .map(({ payload }) => (payload as { token?: string }).token)
  return { ...parts, tokens }
}

describe('credentials', () => {
  it('are requested before every attempt to connect, and sent in the greeting', async () => {
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

  it('are requested for the next socket of a server that goes away, too', async () => {
    let n = 0
    const { clock, server, client, tokens } = signedIn(() => `token ${++n}`)
    await Promise.all([client.connect(), clock.advance(1)])
    server.send({ type: 'goaway', payload: { deadlineMs: 1_000, windowMs: 100 } })
    await clock.advance(200)
    expect(tokens()).toEqual(['token 1', 'token 2'])
    expect(client.stats().opens).toBe(1)
  })

  it('may be an object, for backends that want them elsewhere', async () => {
    const { clock, server, client, tokens } = signedIn(() => ({ token: 't', protocols: ['x.1'] }))
    void client.connect()
    await clock.advance(1)
    expect(tokens()).toEqual(['t'])
    expect(server.transport.last.protocols).toEqual(['wirefold.v1', 'x.1'])
  })

  it('are requested once more when they are refused, and then the client has failed', async () => {
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

  it('that were refused once and then taken are no mark on the next loss', async () => {
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

  it('that cannot be renewed mean that the client has failed at the first refusal', async () => {
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

  it('that cannot be had, or never come, cost an attempt like any other', async () => {
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

  it('that come after the client was closed open nothing', async () => {
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

  it('are renewed on the open connection when they are about to expire', async () => {
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

  it('are requested once for all concurrent callers', async () => {
    let asked = 0
    const { clock, server, client } = signedIn(async () => {
      asked++
      await new Promise<void>((resolve) => clock.after(100, resolve))
      return 'token'
    })
    void client.connect()
    await clock.advance(200)
    for (let n = 0; n < 5; n++) server.send({ type: 'auth:expiring' })
    await clock.advance(50)
    expect(asked).toBe(2)
    await clock.advance(200)
    expect(server.count('auth')).toBeGreaterThanOrEqual(1)
  })
})

/** An `auth` whose answers the test gives itself, each to the question it chooses. */
function asking() {
  const questions: { reason: AuthReason; give: (token: string) => void }[] = []
  const auth: Auth = (reason) =>
    new Promise<string>((give) => {
      questions.push({ reason, give })
    })
  const parts = signedIn(auth)
  const give = async (at: number, token: string) => {
    questions[at]?.give(token)
    await parts.clock.advance(1)
  }
  return { ...parts, questions, give }
}

describe('a question for credentials', () => {
  it('ends with its attempt: the next one asks anew, and the late answer is dropped', async () => {
    const { clock, client, tokens, questions, give } = asking()
    void client.connect()
    await clock.advance(12_000)
    expect(questions.map(({ reason }) => reason)).toEqual(['connect', 'connect'])
    await give(0, 'late')
    expect(client.state.get()).toMatchObject({ name: 'connecting', phase: 'authorizing' })
    await give(1, 'new')
    expect(client.state.get().name).toBe('open')
    expect(tokens()).toEqual(['new'])
  })

  it('ends with close(): another user is never connected by the answer of the former', async () => {
    const { clock, client, tokens, questions, give } = asking()
    client.connect().catch(() => {})
    await clock.advance(100)
    client.close()
    void client.connect()
    await clock.advance(100)
    expect(questions).toHaveLength(2)
    await give(0, 'anna')
    await give(1, 'bert')
    expect(client.state.get().name).toBe('open')
    expect(tokens()).toEqual(['bert'])
  })

  it('for a renewal ends with its socket, and the next socket renews by itself', async () => {
    const { clock, server, client, questions, give, errors } = asking()
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
    expect(questions.map(({ reason }) => reason)).toEqual([
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

  it('for a renewal is asked again where the server repeats its notice after 10 s', async () => {
    const { clock, server, client, questions, give } = asking()
    void client.connect()
    await clock.advance(1)
    await give(0, 'first')
    for (let n = 0; n < 3; n++) {
      server.send({ type: 'auth:expiring' })
      await clock.advance(6_000)
    }
    expect(questions).toHaveLength(3)
    await give(1, 'late')
    expect(server.count('auth')).toBe(0)
    await give(2, 'renewed')
    expect(server.count('auth')).toBe(1)
  })
})

describe('a change of user', () => {
  it('rejects the requests of the former user, when the server reports the change in the greeting', async () => {
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
    // As the server does it: the rest of the greeting's array is dropped.
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

  it('is noticed by the welcome alone', async () => {
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
