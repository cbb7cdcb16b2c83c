import { expect, it } from 'vitest'
import { createRedisBroker } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { event, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import { lossy } from '../../support/lossy.ts'
import { passing } from '../../support/passing.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { recorder } from './contract.ts'

/** Time that Redis is frozen, in milliseconds; the documented maximum is 30000. */
const FREEZE_MS = Number(process.env.WIREFOLD_FREEZE_MS ?? 400)
const LIMIT_MS = 60_000 + 2 * FREEZE_MS

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, n) => n + from)

async function pair(options: Parameters<Awaited<ReturnType<typeof redisBench>>['broker']>[0]) {
  const bench = await redisBench()
  const prefix = bench.prefix()
  const [a, b] = [
    await bench.broker({ prefix, ...options }),
    await bench.broker({ prefix, ...options }),
  ]
  const [near, far] = [recorder(), recorder()]
  await a.subscribe('a', near.listener)
  await b.subscribe('a', far.listener)
  for (const n of [1, 2, 3]) await publishOn(a, 'a', event(n))
  await until(() => expect([near.received.length, far.received.length]).toEqual([3, 3]))
  return { ...bench, a, b, near: near.received, far: far.received }
}

describeWithRedis(`a Redis that is frozen for ${FREEZE_MS} ms`, () => {
  it(
    'makes 1,000 events wait and more be refused; they are delivered in order, once, with positions',
    async () => {
      const { server, a, near, far } = await pair({})
      server.freeze()
      // One is in flight, and the others wait for it.
      const waiting = numbers(1_001, 4).map((n) => publishOn(a, 'a', event(n)))
      const refused = publishOn(a, 'a', event())
      await expect(refused).rejects.toMatchObject({
        code: 'unavailable',
        detail: { retryable: true },
      })
      await sleep(FREEZE_MS)
      expect([near.length, far.length]).toEqual([3, 3])
      server.thaw()
      const positions = await Promise.all(waiting)
      expect(positions.map(({ offset }) => offset)).toEqual(numbers(1_001, 4))
      await publishOn(a, 'a', event(1_005))
      const all = numbers(1_005).map((n) => `${n}:${n}`)
      await until(() => expect(far.length).toBe(all.length))
      expect(far).toEqual(all)
      await until(() => expect(near).toEqual(all))
    },
    LIMIT_MS,
  )

  it(
    'limits pub-sub events to the members of their own process, and then causes a gap on every node',
    async () => {
      const clock = new ManualClock()
      const { server, a, b, near, far } = await pair({ strategy: 'pub-sub', clock })
      const before = await a.head('a')
      server.freeze()
      for (const n of [4, 5, 6]) {
        const position = await passing(clock, publishOn(a, 'a', event(n)))
        expect(position).toEqual({ epoch: '', offset: 0 })
      }
      expect(near.slice(3)).toEqual(['undefined:4', 'undefined:5', 'undefined:6'])
      // Only Redis has the record of whether the request ran before.
      const begun = passing(clock, Promise.resolve(a.replies.begin('k', 'd')))
      await expect(begun).rejects.toMatchObject({ code: 'unavailable' })
      await sleep(FREEZE_MS)
      expect(far).toHaveLength(3)
      server.thaw()
      await until(async () => {
        await clock.advance(100)
        for (const received of [near, far]) expect(received.at(-1)).toMatch(/^broken:0/)
      })
      const head = await b.head('a')
      expect(head.epoch).not.toBe(before.epoch)
      for (const n of [7, 8]) await publishOn(a, 'a', event(n))
      await until(() => {
        for (const received of [near, far]) {
          const events = received.filter((entry) => !entry.startsWith('broken'))
          expect(events.slice(-2)).toEqual(['1:7', '2:8'])
        }
      })
      // Each once, though the first of them was in flight and Redis runs it in the end.
      for (const n of [4, 5, 6]) {
        const deliveries = near.filter(
          (entry) => /^(undefined|\d+):/.test(entry) && entry.endsWith(`:${n}`),
        )
        expect(deliveries).toEqual([`undefined:${n}`])
      }
      expect((await a.replies.begin('k', 'd')).state).toBe('fresh')
    },
    LIMIT_MS,
  )
})

describeWithRedis('an event on two channels that Redis does not take in time, by pub-sub', () => {
  it('is delivered once on each', async () => {
    const clock = new ManualClock()
    const { server, a } = await pair({ strategy: 'pub-sub', clock })
    const recorders = [recorder(), recorder()]
    for (const [at, { listener }] of recorders.entries()) await a.subscribe(`b${at}`, listener)
    server.freeze()
    await passing(clock, a.publish(['b0', 'b1'], event(4, 'b0')))
    server.thaw()
    await until(async () => {
      await clock.advance(100)
      for (const { received } of recorders) expect(received.at(-1)).toMatch(/^broken:0/)
    })
    for (const { received } of recorders) {
      expect(received.filter((entry) => entry.endsWith(':4'))).toEqual(['undefined:4'])
    }
  })
})

describeWithRedis('a request that Redis does not answer in time, by pub-sub', () => {
  it('is refused, and may be retried once Redis replies', async () => {
    const clock = new ManualClock()
    const { server, a } = await pair({ strategy: 'pub-sub', clock })
    server.freeze()
    const begun = passing(clock, Promise.resolve(a.replies.begin('k', 'd')))
    await expect(begun).rejects.toMatchObject({ code: 'unavailable', detail: { retryable: true } })
    server.thaw()
    // Redis marked it as started after the refusal, and the broker undoes that.
    await until(async () => {
      const again = await a.replies.begin('k', 'd')
      expect(again.state).toBe('fresh')
    })
  })
})

describeWithRedis('a published event', async () => {
  const bench = await redisBench()

  it('is added once, even if commands or replies are lost or arrive late', async () => {
    const prefix = bench.prefix()
    const connection = lossy(await bench.connect())
    const a = await createRedisBroker(connection, { prefix, onError: () => {} })
    const b = await bench.broker({ prefix })
    const { received, listener } = recorder()
    await b.subscribe('a', listener)
    const positions = []
    for (let n = 1; n <= 36; n += 3) {
      const some = [n, n + 1, n + 2].map((k) => publishOn(a, 'a', event(k)))
      positions.push(...(await Promise.all(some)))
    }
    expect(positions.map(({ offset }) => offset)).toEqual(numbers(36))
    await until(() => expect(received).toEqual(numbers(36).map((n) => `${n}:${n}`)))
    await sleep(50)
    expect((await b.head('a')).offset).toBe(36)
    await a.close()
  })

  for (const library of ['redis', 'ioredis'] as const) {
    it(`is neither lost nor duplicated while connections are lost: ${library}`, async () => {
      const prefix = bench.prefix()
      const [a, b] = [
        await bench.broker({ prefix }, library),
        await bench.broker({ prefix }, library),
      ]
      const { received, listener } = recorder()
      await b.subscribe('a', listener)
      let going = true
      const disconnecting = (async () => {
        for (let round = 0; going && round < 12; round++) {
          await sleep(40)
          const kinds = ['normal', 'pubsub']
          for (const kind of kinds)
            await bench.command('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes')
        }
      })()
      const writing = [a, b].map(async (node, writer) => {
        for (let n = 0; n < 400; n += 4) {
          await Promise.all(
            numbers(4, n).map((k) => publishOn(node, 'a', event(writer * 1_000 + k))),
          )
        }
      })
      await Promise.all(writing)
      going = false
      await disconnecting
      await until(() => expect(received.length).toBe(800))
      expect(received.map((entry) => Number(entry.split(':')[0]))).toEqual(numbers(800))
      const payloads = received.map((entry) => Number(entry.split(':')[1]))
      expect(payloads.filter((n) => n < 1_000)).toEqual(numbers(400, 0))
      expect(payloads.filter((n) => n >= 1_000)).toEqual(numbers(400, 1_000))
    })
  }

  it('is refused if Redis is out of memory, and may be retried', async () => {
    const server = await redisBench()
    const errors: unknown[] = []
    const broker = await server.broker({ prefix: 'p', onError: (error) => errors.push(error) })
    await publishOn(broker, 'a', event(1))
    await server.command('CONFIG', 'SET', 'maxmemory', '1')
    await expect(publishOn(broker, 'a', event(2))).rejects.toMatchObject({ code: 'unavailable' })
    expect(errors.map(String)).toEqual([expect.stringContaining('OOM')])
    await server.command('CONFIG', 'SET', 'maxmemory', '0')
    expect((await publishOn(broker, 'a', event(2))).offset).toBe(2)
  })

  it('may be evicted by a Redis with such a policy, which is reported', async () => {
    const server = await redisBench()
    const errors: unknown[] = []
    const onError = (error: unknown) => errors.push(error)
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    await server.broker({ prefix: 'p', onError })
    expect(errors).toEqual([])
    await server.command('CONFIG', 'SET', 'maxmemory', '100mb')
    await server.broker({ prefix: 'p', onError })
    expect(errors.map(String)).toEqual([expect.stringContaining('allkeys-lru')])
  })

  it('is rejected after the broker was closed, as are waiting ones', async () => {
    const server = await redisBench()
    const broker = await server.broker({ prefix: 'p' })
    server.server.freeze()
    const waiting = [1, 2, 3].map((n) => publishOn(broker, 'a', event(n)))
    const settled = Promise.allSettled(waiting)
    // Waits for Redis, but no longer than a second.
    await broker.close()
    server.server.thaw()
    const late = Promise.allSettled([publishOn(broker, 'a', event(4))])
    for (const one of [...(await settled), ...(await late)])
      expect(one).toMatchObject({ reason: { code: 'closed' } })
  })
})
