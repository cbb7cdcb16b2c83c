import { expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { MemoryRates } from '../../../src/server/broker/memory/memory-rates.ts'
import { serve, until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { RawClient } from '../raw-client.ts'

/** A rate so low that no bucket refills during a test. */
const rate = { perSecond: 0.001, burst: 10 }

describeWithRedis('rates in Redis', async () => {
  const bench = await redisBench()

  async function nodes() {
    const prefix = bench.prefix()
    const [a, b] = [await bench.broker({ prefix }), await bench.broker({ prefix })]
    /** Refills a key's bucket, as if time had passed. */
    const pass = async (key: string, ms: number) => {
      await bench.command('INCRBYFLOAT', `${prefix}:rate:${key}`, `-${ms}`)
    }
    return { a, b, pass, prefix }
  }

  it('are counted by key across nodes; refused takes and checks cost nothing', async () => {
    const { a, b, pass } = await nodes()
    expect(await a.rates.take('k', 0, rate)).toBe(0)
    expect(await a.rates.take('k', 6, rate)).toBe(0)
    expect(await b.rates.take('k', 4, rate)).toBe(0)
    for (const { rates } of [a, b, a, b]) {
      for (const count of [0, 1]) {
        const waitMs = await rates.take('k', count, rate)
        expect(waitMs).toBeGreaterThan(900_000)
        expect(waitMs).toBeLessThanOrEqual(1_000_000)
      }
      expect(await rates.take('k', 3, rate)).toBeGreaterThan(2_900_000)
    }
    expect(await b.rates.take('another', 10, rate)).toBe(0)
    await pass('k', 3_000_000)
    expect(await b.rates.take('k', 3, rate)).toBe(0)
    expect(await a.rates.take('k', 1, rate)).toBeGreaterThan(0)
  })

  it('allow more than a burst from a full bucket, as a debt', async () => {
    const { a, b, pass } = await nodes()
    expect(await a.rates.take('k', 25, rate)).toBe(0)
    expect(await b.rates.take('k', 1, rate)).toBeGreaterThan(15_900_000)
    await pass('k', 16_000_000)
    expect(await b.rates.take('k', 1, rate)).toBe(0)
  })

  it('take a debt from any bucket, and answer when it has a token again', async () => {
    const { a, b } = await nodes()
    const clock = new ManualClock()
    const debt = { ...rate, debt: true }
    const memory = new MemoryRates(clock)
    for (const [store, same] of [
      [a.rates, b.rates],
      [memory, memory],
    ] as const) {
      expect(await store.take('k', 0, debt)).toBe(0)
      expect(await store.take('k', 4, debt)).toBe(0)
      // 6 are left: 3 are taken, then 11, although there are 3.
      const answers = Promise.all([same.take('k', 3, rate), same.take('k', 11, debt)])
      const [taken, waitMs] = await answers
      expect(taken).toBe(0)
      for (const ms of [waitMs, await store.take('k', 0, debt), await same.take('k', 0, rate)]) {
        expect(ms).toBeGreaterThan(8_900_000)
        expect(ms).toBeLessThanOrEqual(9_000_000)
      }
      expect(await same.take('k', 1, debt)).toBeGreaterThan(9_900_000)
    }
  })

  it('sum concurrent takes, in one call for all keys', async () => {
    const { a, b } = await nodes()
    const before = String(await bench.command('INFO', 'commandstats'))
    const keys = Array.from({ length: 300 }, (_, n) => `k${n}`)
    const waits = await Promise.all(
      Array.from({ length: 5 }, () => keys.map((key) => a.rates.take(key, 2, rate))).flat(),
    )
    expect(waits.filter(Boolean)).toEqual([])
    const after = String(await bench.command('INFO', 'commandstats'))
    const calls = (info: string) =>
      [...info.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((n, [, c]) => n + Number(c), 0)
    expect(calls(after) - calls(before)).toBeLessThan(10)
    for (const key of keys) expect(await b.rates.take(key, 1, rate)).toBeGreaterThan(0)
  })

  it('are removed once they are full again', async () => {
    const { a, prefix } = await nodes()
    await a.rates.take('k', 5, { perSecond: 1, burst: 10 })
    const ttl = Number(await bench.command('PTTL', `${prefix}:rate:k`))
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(5_000)
  })

  it('allow everything while Redis does not reply, and after close', async () => {
    const own = await redisBench()
    const clock = new ManualClock()
    const broker = await own.broker({ prefix: 'p', clock })
    await broker.rates.take('k', 10, rate)
    own.server.freeze()
    for (const key of ['k', 'l']) {
      const wait = broker.rates.take(key, 1, rate)
      await clock.advance(1_000)
      expect(await wait).toBe(0)
    }
    own.server.thaw()
    await until(async () => expect(await broker.rates.take('k', 1, rate)).toBeGreaterThan(0))
    await broker.close()
    expect(broker.rates.take('k', 1, rate)).toBe(0)
  })

  it('limit a user across servers', async () => {
    const prefix = bench.prefix()
    const servers = []
    for (let n = 0; n < 2; n++) {
      servers.push(
        await serve({
          broker: await bench.broker({ prefix }),
          authenticate: ({ token }) => (token ? { id: token } : null),
          limits: { perUser: { messagesPerSecond: 0.01 } },
        }),
      )
    }
    const [a, b] = servers
    const hello = { token: 'anna' }
    const [one, other] = [
      await RawClient.greeted(a?.url ?? '', hello),
      await RawClient.greeted(b?.url ?? '', hello),
    ]
    const ben = await RawClient.greeted(b?.url ?? '', { token: 'ben' })
    const ping = { type: 'subscribe', payload: { channels: ['x'] } }
    expect(await one.request(ping)).toMatchObject({ type: 'subscribed' })
    await until(async () => {
      // The result of the first message applies to the next.
      expect(await other.request(ping)).toMatchObject({ payload: { code: 'rate-limited' } })
    })
    expect(await ben.request(ping)).toMatchObject({ type: 'subscribed' })
  })
})
