import { describe, expect, it } from 'vitest'
import type { AuthenticateRequest, RealtimeServerOptions } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { refusedUpgrade } from '../server/http/refused-upgrade.ts'
import { deferred, RawClient, serve } from '../server/raw-client.ts'
import { partsOf } from '../server/wired.ts'

/** The host of a server on virtual time whose hook takes 100 ms and accepts tokens without "bad". */
function attempting(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  /** Times of the calls of the hook. */
  const requested: number[] = []
  const { host, attempts } = partsOf({
    clock,
    authenticate: async ({ token = '' }: AuthenticateRequest) => {
      requested.push(clock.now())
      await new Promise<void>((resolve) => clock.after(100, resolve))
      return token.startsWith('bad') ? undefined : { id: token }
    },
    ...options,
  })
  const query = new URLSearchParams()
  const request = { headers: {}, url: '/ws', query, params: new Map(), address: '203.0.113.7' }
  /** Checks a token, and records the code of the refusal, or `in`. */
  const results: string[] = []
  const attempt = async (token: string, wanted?: () => boolean) => {
    const result = await host.authenticate(request, token, wanted)
    results.push('code' in result ? result.code : 'in')
    return result
  }
  const count = (result: string) => results.filter((one) => one === result).length
  return { clock, requested, attempt, attempts, results, count }
}

describe('S11 concurrent checks of credentials', () => {
  it('fail at most 60 times a minute, in any order', async () => {
    const { clock, requested, attempt, count } = attempting()
    for (let n = 0; n < 1_500; n++) {
      void attempt(`bad${n}`)
      if (n % 100 === 0) await clock.advance(1_000)
    }
    await clock.advance(100_000)
    expect([count('not-authenticated'), count('rate-limited')]).toEqual([60, 1_440])
    for (let n = 0; n < 200; n++) void attempt(`bad${n}`)
    await clock.advance(60_000)
    for (const time of requested) {
      const within = requested.filter((other) => other >= time && other < time + 60_000)
      expect(within.length).toBeLessThanOrEqual(60)
    }
  })

  it('all succeed with valid credentials: 500 clients from one address after a deploy', async () => {
    const { clock, requested, attempt, count } = attempting()
    for (let n = 0; n < 500; n++) void attempt(`user${n}`)
    await clock.advance(99)
    expect(requested).toHaveLength(60)
    await clock.advance(1_000)
    expect(count('in')).toBe(500)
    expect(clock.timers).toBe(0)
  })

  it('are refused if they would wait longer than the hello timeout, with a retry time', async () => {
    const { clock, attempt } = attempting({ limits: { perAddress: { authFailuresPerMinute: 1 } } })
    void attempt('bad')
    await clock.advance(20_000)
    expect(await attempt('ada')).toMatchObject({ code: 'rate-limited', retryAfterMs: 40_100 })
    await clock.advance(35_000)
    const soon = attempt('ada')
    await clock.advance(6_000)
    expect(await soon).toMatchObject({ user: { id: 'ada' } })
  })

  it('are skipped once their connection is closed', async () => {
    const { clock, requested, attempt } = attempting({
      limits: { perAddress: { authFailuresPerMinute: 1 } },
    })
    void attempt('ada')
    void attempt('gone', () => false)
    void attempt('bob')
    await clock.advance(200)
    expect(requested).toEqual([0, 100])
  })

  it('do not count as failed if the hook times out', async () => {
    const hooks = [() => new Promise<null>(() => {}), () => null]
    const { clock, attempt, attempts } = attempting({
      authenticate: () => hooks.shift()?.(),
      limits: { perAddress: { authFailuresPerMinute: 1 } },
      onError: () => {},
    })
    const late = attempt('ada')
    await clock.advance(10_000)
    expect(await late).toMatchObject({ code: 'not-authenticated' })
    expect(await attempt('ada')).toMatchObject({ user: null })
    attempts.close()
    expect(clock.timers).toBe(0)
  })
})

describe('S11 pending upgrades', () => {
  it('count toward the limit of their address', async () => {
    const may = deferred<boolean>()
    let requested = 0
    const { url, server } = await serve({
      canConnect: () => {
        requested += 1
        return may.promise
      },
      clientAddress: ({ headers }) => headers['x-from']?.toString(),
      limits: { perAddress: { connections: 10 } },
    })
    const headers = { 'x-from': 'a' }
    const waiting = Array.from({ length: 10 }, () => RawClient.open(url, { headers }))
    await expect.poll(() => requested).toBe(10)
    for (let n = 0; n < 5; n++) expect((await refusedUpgrade(url, headers)).status).toBe(429)
    expect(requested).toBe(10)
    may.resolve(true)
    await Promise.all(waiting)
    expect(server.stats().connections).toBe(10)
  })

  it('no longer count once the hook refuses', async () => {
    const { url } = await serve({
      canConnect: ({ headers }) => headers.cookie === 'yes',
      clientAddress: () => 'a',
      limits: { perAddress: { connections: 1 } },
    })
    for (let n = 0; n < 3; n++) expect((await refusedUpgrade(url)).status).toBe(401)
    await RawClient.open(url, { headers: { cookie: 'yes' } })
  })
})

describe('S3 a user who is disconnected during the greeting', () => {
  it.each([
    [undefined, 4401],
    [4403, 4403],
  ])('is not connected (code %s)', async (code, closed) => {
    const knows = deferred<{ id: string }>()
    const { url, server } = await serve({ authenticate: () => knows.promise })
    const connected: unknown[] = []
    server.on('connected', ({ user }) => connected.push(user?.id))
    const client = await RawClient.open(url)
    client.send({ type: 'hello' })
    await expect.poll(() => server.stats().received).toBe(1)
    server.disconnectUser('bob')
    server.disconnectUser('ada', { code })
    knows.resolve({ id: 'ada' })
    expect((await client.closed).code).toBe(closed)
    expect(connected).toEqual([])
    await RawClient.greeted(url)
    expect(connected).toEqual(['ada'])
  })
})

describe('S11 a clientAddress hook that throws', () => {
  it('does not apply the limits of one address to all clients behind a proxy', async () => {
    const { url } = await serve({
      clientAddress: () => {
        throw new Error('no such header')
      },
      limits: { perAddress: { connections: 1 } },
    })
    await RawClient.open(url)
    await RawClient.open(url)
  })
})
