import { describe, expect, it } from 'vitest'
import type { RateStore } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { asFields } from '../../src/protocol/fields.ts'
import { MemoryRates } from '../../src/server/broker/memory/memory-rates.ts'
import type { Message } from '../server/raw-client.ts'
import { RawClient, serve } from '../server/raw-client.ts'
import { partsOf, WiredClient } from '../server/wired.ts'

let requested = 0
/** Returns requests with unique ids. */
const notes = (count: number) =>
  Array.from({ length: count }, () => ({ type: 'note', requestId: `r${requested++}` }))
const named = (count: number) => Array.from({ length: count }, (_, n) => `c${n}`)
const refusals = (messages: readonly Message[]) =>
  messages.filter(
    ({ type, payload }) => type === 'error' && asFields(payload).code === 'rate-limited',
  )

/** A server on virtual time whose user ids are the tokens. */
function counting(rates?: (clock: ManualClock) => RateStore) {
  const clock = new ManualClock()
  const parts = partsOf({
    ...{ clock, authenticate: ({ token }) => (token ? { id: token } : null) },
    rates: rates?.(clock),
  })
  let done = 0
  parts.handlers.add('note', () => {
    done += 1
  })
  /** Connects, and sends messages in the frame of the greeting. */
  const greet = async (token: string, ...messages: Message[]) => {
    const client = new WiredClient(parts)
    client.send({ type: 'hello', payload: { token } }, ...messages)
    await clock.advance(0)
    return client
  }
  return { clock, greet, done: () => done }
}

describe('S11 a user who reconnects repeatedly', () => {
  it.each([
    ['in memory', undefined],
    [
      'in an asynchronous store',
      (clock: ManualClock): RateStore => {
        const store = new MemoryRates(clock)
        return { take: async (...what) => store.take(...what) }
      },
    ],
  ])('is limited as on one connection, with rates %s', async (_, rates) => {
    const { clock, greet, done } = counting(rates)
    const received: Message[] = []
    for (let n = 0; n < 60; n++) {
      const client = await greet('ada', ...notes(150))
      expect(client.closed).toBeUndefined()
      received.push(...client.received)
      client.disconnect()
      await clock.advance(50)
    }
    // A burst of 1,000, and 500 in each of 3 seconds; an asynchronous store admits one greeting more.
    expect(done()).toBeGreaterThan(2_000)
    expect(done()).toBeLessThanOrEqual(rates ? 2_650 : 2_500)
    expect(refusals(received)).toHaveLength(9_000 - done())
    for (const { payload } of refusals(received)) {
      expect(payload).toMatchObject({ retryable: true, retryAfterMs: expect.any(Number) })
    }
    expect(
      (await greet('bob', ...notes(150))).received.filter(({ type }) => type === 'reply'),
    ).toHaveLength(150)
  })

  it('resumes as many channels as a connection may have without being limited, but not new ones', async () => {
    const { greet } = counting()
    const since = [['e', named(50).flatMap((name) => [name, 0])]]
    for (let n = 0; n < 40; n++) {
      const resumes = await greet('ada', { type: 'subscribe', requestId: 's', payload: { since } })
      expect(resumes.received.map(({ type }) => type)).toContain('subscribed')
    }
    const codes = []
    for (let n = 0; n < 25; n++) {
      const payload = { channels: named(50) }
      const { received } = await greet('ada', { type: 'subscribe', requestId: 's', payload })
      codes.push(refusals(received).length)
    }
    expect(codes).toEqual([...Array(20).fill(0), ...Array(5).fill(1)])
  })

  it('is limited in resumed channels beyond those', async () => {
    const { greet } = counting()
    const since = [['e', named(1_040).flatMap((name) => [name, 0])]]
    const subscribe = { type: 'subscribe', requestId: 's', payload: { since } }
    const first = await greet('ada', subscribe)
    expect(refusals(first.received)).toEqual([])
    expect(refusals((await greet('ada', subscribe)).received)).toHaveLength(1)
  })
})

describe('S11 anonymous connections', () => {
  it('from one address share a limit', async () => {
    let done = 0
    const { url, server } = await serve({
      clock: new ManualClock(),
      clientAddress: ({ headers }) => headers['x-from']?.toString(),
    })
    server.handle('note', () => {
      done += 1
    })
    const greet = async (from: string) => {
      const client = await RawClient.open(url, { headers: { 'x-from': from } })
      client.send([{ type: 'hello' }, ...notes(150)])
      return refusals(await client.take(151)).length
    }
    let refused = 0
    for (let n = 0; n < 8; n++) refused += await greet('a')
    expect([done, refused]).toEqual([1_000, 200])
    expect(await greet('b')).toBe(0)
  })
})
