import { describe, expect, it } from 'vitest'
import type { RateStore, RealtimeServerOptions } from 'wirefold/server'
import { duuiMount } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { refusedUpgrade } from '../server/http/refused-upgrade.ts'
import type { Message } from '../server/raw-client.ts'
import { RawClient, serve } from '../server/raw-client.ts'
import { connect } from '../support/live.ts'

/** A server on virtual time that counts the requests that it carries out. */
async function counting(options: RealtimeServerOptions = {}) {
  const clock = new ManualClock()
  const served = await serve({
    clock,
    heartbeatMs: 600_000,
    authenticate: ({ token }) =>
      token === 'bad' ? undefined : token === undefined ? null : { id: token },
    clientAddress: ({ headers }) => headers['x-from']?.toString(),
    ...options,
  })
  let done = 0
  served.server.handle('note', () => {
    done += 1
  })
  return { ...served, clock, done: () => done }
}

const notes = (count: number, name = 'r') =>
  Array.from({ length: count }, (_, n) => ({ type: 'note', requestId: `${name}${n}` }))
const codes = (answers: readonly Message[]) =>
  answers.map(({ type, payload }) => (type === 'error' ? (payload as { code: string }).code : type))
const limited = (answers: readonly Message[]) =>
  codes(answers).filter((code) => code === 'rate-limited').length

describe('S11 messages', () => {
  it('are limited to 100 a second with bursts of 200; an array of n counts as n', async () => {
    const { url, clock, done } = await counting()
    const client = await RawClient.greeted(url)
    client.send(notes(203))
    const answers = await client.take(203)
    expect([limited(answers), done()]).toEqual([3, 200])
    const refused = answers.find(({ requestId }) => requestId === 'r202')
    expect(refused).toEqual({
      type: 'error',
      requestId: 'r202',
      payload: {
        code: 'rate-limited',
        message: expect.stringMatching(/^The rate limit is exceeded\. Retry after \d+ ms\.$/),
        retryable: true,
        retryAfterMs: 10,
      },
    })
    await clock.advance(10)
    client.send(notes(2, 'later'))
    expect(codes(await client.take(2)).sort()).toEqual(['rate-limited', 'reply'])
  })

  it('of the greeting’s array are not counted', async () => {
    const { url } = await counting()
    const client = await RawClient.open(url)
    client.send([{ type: 'hello' }, ...notes(300)])
    expect(limited(await client.take(301))).toBe(0)
    client.send(notes(200, 's'))
    expect(limited(await client.take(200))).toBe(0)
  })

  it('that exceed the limit repeatedly close the connection with 4429', async () => {
    const { url, server } = await counting()
    const client = await RawClient.greeted(url)
    client.send(notes(200))
    await client.take(200)
    for (let n = 0; n < 20; n++) client.send({ type: 'ping' })
    const answers = await client.take(11)
    expect(limited(answers)).toBe(11)
    expect(answers.at(-1)?.payload).toMatchObject({ retryAfterMs: 10_000 })
    expect((await client.closed).code).toBe(4429)
    expect(server.stats().refusals).toEqual({ 'rate-limited': 11 })
  })

  it('are paced by the client, which receives the limit', async () => {
    const limits = { messagesPerSecond: 1_000 }
    const { url, server } = await counting({ clock: undefined, limits })
    const { client, errors } = connect(url)
    await client.connect()
    await Promise.all(Array.from({ length: 2_500 }, () => client.request('note')))
    expect([server.stats().refusals, errors]).toEqual([{}, []])
  })

  it('of all connections of a user are limited to 500 a second, with any rate store', async () => {
    const store: RateStore = { take: async (key) => (key.includes(':ada') ? 5_000 : 0) }
    const limits = { messagesPerSecond: Number.POSITIVE_INFINITY }
    for (const options of [{ limits }, { limits, rates: store }]) {
      const { url } = await counting(options)
      const tabs = [
        await RawClient.greeted(url, { token: 'ada' }),
        await RawClient.greeted(url, { token: 'ada' }),
      ]
      const bob = await RawClient.greeted(url, { token: 'bob' })
      let refused = 0
      for (const tab of tabs) {
        tab.send(notes(1, 'first'))
        await tab.take(1)
        tab.send(notes(510))
        refused += limited(await tab.take(510))
      }
      expect(refused).toBe('rates' in options ? 1_020 : 22)
      bob.send(notes(100))
      expect(limited(await bob.take(100))).toBe(0)
    }
  })
})

describe('S11 bytes', () => {
  it('are limited to 1 MiB a second with bursts of 2 MiB', async () => {
    const { url, clock } = await counting()
    const client = await RawClient.greeted(url)
    const large = (n: number) => ({ type: 'note', requestId: `b${n}`, payload: 'x'.repeat(65_000) })
    for (let n = 0; n < 34; n++) client.send(large(n))
    expect(limited(await client.take(34))).toBe(2)
    await clock.advance(200)
    client.send(large(34))
    expect(limited(await client.take(1))).toBe(0)
  })
})

describe('S11 subscribes', () => {
  it('are limited to 100 channels a second with bursts of 200', async () => {
    const { url } = await counting({ limits: { subscriptions: 1_000 } })
    const client = await RawClient.greeted(url)
    const names = (count: number) => Array.from({ length: count }, (_, n) => `c${n}`)
    expect((await client.subscribe(...names(150))).type).toBe('subscribed')
    expect(codes([await client.subscribe(...names(51))])).toEqual(['rate-limited'])
    expect((await client.subscribe(...names(50))).type).toBe('subscribed')
  })
})

describe('S11 failed greetings', () => {
  it('are limited to 60 a minute per address; then greetings are refused without a check', async () => {
    const { url, clock } = await counting({ limits: { perAddress: { authFailuresPerMinute: 3 } } })
    const greet = async (token: string, from: string) => {
      const client = await RawClient.open(url, { headers: { 'x-from': from } })
      client.send({ type: 'hello', payload: { token } })
      const answer = await client.next()
      client.ws.terminate()
      return codes([answer])[0]
    }
    for (let n = 0; n < 3; n++) expect(await greet('bad', 'a')).toBe('not-authenticated')
    expect(await greet('ada', 'a')).toBe('rate-limited')
    expect(await greet('ada', 'b')).toBe('welcome')
    await clock.advance(60_000)
    expect(await greet('ada', 'a')).toBe('welcome')
  })

  it('count on an open connection, too', async () => {
    const { url } = await counting({ limits: { perAddress: { authFailuresPerMinute: 1 } } })
    const client = await RawClient.open(url, { headers: { 'x-from': 'a' } })
    client.send({ type: 'hello', payload: { token: 'ada' } })
    await client.next('welcome')
    const renew = async () =>
      codes([await client.request({ type: 'auth', payload: { token: 'bad' } })])
    expect([await renew(), await renew()]).toEqual([['not-authenticated'], ['rate-limited']])
  })
})

describe('S11 malformed frames', () => {
  it('are limited to 3 a minute, or to the configured number', async () => {
    const { url } = await counting({ limits: { malformedPerMinute: 2 } })
    const client = await RawClient.greeted(url)
    client.send('{')
    await client.next('error')
    client.send('{')
    expect((await client.closed).code).toBe(4400)
  })
})

describe('S11 connections', () => {
  it('are limited per address; the next upgrade is refused with 429', async () => {
    const { url, server } = await counting({ limits: { perAddress: { connections: 2 } } })
    const from = (address: string) => ({ 'x-from': address })
    const open = async (address: string) => RawClient.open(url, { headers: from(address) })
    const first = await open('a')
    await open('a')
    await open('b')
    const { status, body, headers } = await refusedUpgrade(url, from('a'))
    expect([status, body.code, headers['retry-after']]).toEqual([429, 'rate-limited', '10'])
    first.ws.terminate()
    await expect.poll(() => server.stats().connections).toBe(2)
    await open('a')
  })

  it('are limited per user; the next one is closed with 4429', async () => {
    const { url } = await counting({ limits: { perUser: { connections: 1 } } })
    const first = await RawClient.greeted(url, { token: 'ada' })
    const next = await RawClient.open(url)
    next.send({ type: 'hello', payload: { token: 'ada' } })
    expect(codes([await next.next()])).toEqual(['rate-limited'])
    expect((await next.closed).code).toBe(4429)
    await RawClient.greeted(url, { token: 'bob' })
    for (let n = 0; n < 3; n++) await RawClient.greeted(url)
    expect(await first.settled()).toEqual([])
  })
})

describe('S11 a one-way stream', () => {
  it('is closed for a client that floods it', async () => {
    const { server, url } = await counting({ limits: { messagesPerSecond: 1 } })
    server.mount('/processes/:id', duuiMount())
    const client = await RawClient.open(url.replace('/ws', '/processes/p1'))
    for (let n = 0; n < 20; n++) client.send('x')
    expect((await client.closed).code).toBe(4429)
  })
})
