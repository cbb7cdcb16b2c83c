import { expect, it, onTestFinished } from 'vitest'
import type { Broker, ReplyLookup } from 'wirefold/server'
import { createRedisBroker } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { event, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import { intercepted } from '../../support/lossy.ts'
import { describeWithRedis, LIBRARIES, redisBench } from '../../support/redis.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

const recordOf = (lookup: ReplyLookup) =>
  lookup.state === 'started' ? lookup.record : Promise.reject(new Error(lookup.state))

/** Lets time pass for brokers with these clocks, so that each gives all its signs of life. */
async function pass(ms: number, ...nodes: readonly (readonly [Broker, ManualClock])[]) {
  for (let passed = 0; passed < ms; passed += 300) {
    for (const [broker, clock] of nodes) {
      await clock.advance(300)
      // Redis replies in order: the sign of life was given.
      for (let n = 0; n < 2; n++) await broker.head('a')
    }
  }
}

describeWithRedis('replies in Redis', async () => {
  const bench = await redisBench()

  /** Creates two nodes with one prefix; without the time of its own clock the first one is dead. */
  async function nodes() {
    const prefix = bench.prefix()
    const [dying, clock] = [new ManualClock(), new ManualClock()]
    const [a, b] = [
      await bench.broker({ prefix, clock: dying }),
      await bench.broker({ prefix, clock }),
    ]
    return { a, b, dying, clock, prefix }
  }

  it('are lost with the node that runs the request, for waiting and later lookups', async () => {
    const { a, b, clock } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = recordOf(await b.replies.begin('k', 'd'))
    await pass(3_000, [b, clock])
    expect(await waiting).toBe(undefined)
    expect(await b.replies.begin('k', 'd')).toEqual({ state: 'lost' })
    expect(await b.replies.begin('k', 'another')).toEqual({ state: 'conflict' })
  })

  it('are lost for lookups that wait on several nodes, of which one declares the owner dead', async () => {
    const { a, b, clock, prefix } = await nodes()
    const late = new ManualClock()
    const c = await bench.broker({ prefix, clock: late })
    await a.replies.begin('k', 'd')
    const waiting = recordOf(await b.replies.begin('k', 'd'))
    const other = recordOf(await c.replies.begin('k', 'd'))
    await pass(3_000, [b, clock])
    expect(await waiting).toBe(undefined)
    await pass(600, [c, late])
    expect(await other).toBe(undefined)
  })

  it('are lost at once with a node that was closed', async () => {
    const { a, b } = await nodes()
    await a.replies.begin('k', 'd')
    await a.close()
    expect(await b.replies.begin('k', 'd')).toEqual({ state: 'lost' })
  })

  it('let exactly one caller run a lost request again that may run twice', async () => {
    const { a, b, clock } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = recordOf(await b.replies.begin('k', 'd', true, true))
    await pass(3_000, [b, clock])
    expect(await waiting).toBe(undefined)
    const begun = await Promise.all([1, 2].map(() => b.replies.begin('k', 'd', true, true)))
    expect(begun.map(({ state }) => state)).toEqual(['fresh', 'started'])
    expect(await b.replies.finish('k', '{"payload":1}', 60_000)).toBe(true)
    expect(await recordOf(begun[1] ?? { state: 'lost' })).toBe('{"payload":1}')
  })

  it('of a node that was declared dead are neither stored nor published, and it goes on', async () => {
    const { a, b, dying, clock } = await nodes()
    await a.replies.begin('k', 'd')
    await a.replies.begin('p', 'd')
    const waiting = recordOf(await b.replies.begin('k', 'd'))
    await pass(3_000, [b, clock])
    await waiting
    await expect(a.publish(['a'], event(1), undefined, { key: 'k', once: '' })).rejects.toThrow(
      'declared this one dead',
    )
    await expect(a.publish(['a'], event(2), { key: 'p', keepMs: 60_000 })).rejects.toThrow()
    expect(await a.replies.finish('k', '{"payload":1}', 60_000)).toBe(false)
    expect((await b.head('a')).offset).toBe(0)
    expect(await b.replies.begin('k', 'd')).toEqual({ state: 'lost' })
    expect(await b.replies.begin('p', 'd', true, true)).toEqual({ state: 'fresh' })
    // Its other events, and later requests, are not those of a dead node.
    expect((await publishOn(a, 'a', event(3))).offset).toBe(1)
    expect(await a.replies.begin('k', 'd')).toEqual({ state: 'lost' })
    await a.replies.begin('new', 'd')
    await pass(3_000, [a, dying], [b, clock])
    expect(await a.replies.finish('new', '{}', 60_000)).toBe(true)
    expect((await b.replies.begin('new', 'd')).state).toBe('answered')
  })

  it('of a request that runs again hold each event once, at its first position', async () => {
    const { a, b, clock } = await nodes()
    await a.replies.begin('k', 'd', true, true)
    const part = (once: string) => ({ key: 'k', once })
    const first = await a.publish(['a', 'b'], event(1), undefined, part('1'))
    const waiting = recordOf(await b.replies.begin('k', 'd', true, true))
    await pass(3_000, [b, clock])
    await waiting
    expect((await b.replies.begin('k', 'd', true, true)).state).toBe('fresh')
    expect(await b.publish(['a', 'b'], event(2), undefined, part('1'))).toEqual(first)
    const [second] = await b.publish(['a'], event(3), undefined, part('2'))
    expect(second?.offset).toBe(2)
    expect((await b.head('b')).offset).toBe(1)
    await b.replies.finish('k', '{}', 60_000)
    expect(await bench.command('KEYS', '*:published:*')).toEqual([])
  })

  it('are awaited while Redis, or the node that waits, does not respond', async () => {
    const { a, b, clock } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = recordOf(await b.replies.begin('k', 'd'))
    let resolved = false
    waiting.then(() => {
      resolved = true
    })
    for (let n = 0; n < 5; n++) {
      await clock.advance(1_200)
      for (let n = 0; n < 2; n++) await b.head('a')
    }
    expect(resolved).toBe(false)
    await a.replies.finish('k', '{}', 60_000)
    expect(await waiting).toBe('{}')
  })

  it('are found by polling if the message was lost', async () => {
    const { a, b, clock, prefix } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = await b.replies.begin('k', 'd')
    await bench.command('HDEL', `${prefix}:answer:k`, 'waiting')
    await a.replies.finish('k', '{"payload":1}', 60_000)
    await clock.advance(10_000)
    expect(await recordOf(waiting)).toBe('{"payload":1}')
  })

  it('are awaited as long as their node lives', async () => {
    const { a, b, dying, clock } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = recordOf(await b.replies.begin('k', 'd'))
    let resolved = false
    waiting.then(() => {
      resolved = true
    })
    await pass(6_000, [a, dying], [b, clock])
    expect(resolved).toBe(false)
    await a.replies.finish('k', '{}', 60_000)
    expect(await waiting).toBe('{}')
  })

  it('are stored for their own lifetime, independent of the signs of life of a node', async () => {
    const { a, prefix } = await nodes()
    await a.replies.begin('k', 'd')
    await a.replies.finish('k', '{}', 60_000)
    expect(Number(await bench.command('PTTL', `${prefix}:answer:k`))).toBeLessThanOrEqual(60_000)
    expect(await bench.command('ZCARD', `${prefix}:nodes`)).toBe(2)
    expect(Number(await bench.command('PTTL', `${prefix}:nodes`))).toBeGreaterThan(30_000)
  })

  it('reach back to the last data loss of Redis, and no earlier request runs again', async () => {
    const server = await redisBench()
    const first = await server.broker({ prefix: 'p' })
    expect(first.replies.reachMs).toBeLessThan(10_000)
    await server.command('HSET', 'p:generation', 'since', `${Date.now() - 700_000}`)
    const [a, b] = [await server.broker({ prefix: 'p' }), await server.broker({ prefix: 'p' })]
    expect(a.replies.reachMs).toBeGreaterThanOrEqual(699_000)
    await a.replies.begin('k', 'd')
    await a.replies.finish('k', '{}', 600_000)
    await server.command('FLUSHALL')
    // The node detects the data loss by this lookup: the client relies on the former reach.
    expect(await b.replies.begin('k', 'd')).toEqual({ state: 'lost' })
    expect(b.replies.reachMs).toBeLessThan(10_000)
    expect((await b.replies.begin('k', 'd')).state).toBe('fresh')
    await until(() => expect(a.replies.reachMs).toBeLessThan(10_000))
  })

  it('are not required for a request that was never sent before, also after a data loss', async () => {
    const server = await redisBench()
    const [a, b] = [await server.broker({ prefix: 'p' }), await server.broker({ prefix: 'p' })]
    await server.command('FLUSHALL')
    const first = numbers(20).map((n) => a.replies.begin(`first ${n}`, 'd', false))
    const again = numbers(20).map((n) => b.replies.begin(`again ${n}`, 'd', true))
    for (const lookup of await Promise.all(first)) expect(lookup).toEqual({ state: 'fresh' })
    expect((await Promise.all(again))[0]).toEqual({ state: 'lost' })
  })

  for (const library of LIBRARIES) {
    it(`wait for a Redis that restarts, and let new requests run: ${library}`, async () => {
      const server = await redisBench()
      const broker = await server.broker({ prefix: 'p' }, library)
      await server.server.kill()
      const lookups = numbers(50).map((n) => broker.replies.begin(`${n}`, 'd', false))
      await server.server.start()
      for (const lookup of await Promise.all(lookups)) expect(lookup).toEqual({ state: 'fresh' })
    })
  }

  it('are looked up again if the connection is lost during the first lookup', async () => {
    const prefix = bench.prefix()
    let lost = 0
    const connector = intercepted(await bench.connect(), async (args, send) => {
      const reply = await send(args)
      if (lost || !args.includes('key')) return reply
      // Redis has marked the request as started, but the reply is lost.
      lost += 1
      throw new Error('Socket closed unexpectedly')
    })
    const broker = await createRedisBroker(connector, { prefix, onError: () => {} })
    onTestFinished(() => broker.close())
    expect(await broker.replies.begin('key', 'd', false)).toEqual({ state: 'fresh' })
    expect(lost).toBe(1)
    expect((await broker.replies.begin('key', 'd')).state).toBe('started')
  })

  it('are lost for waiting lookups when the broker is closed', async () => {
    const { a, b } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = [await a.replies.begin('k', 'd'), await b.replies.begin('k', 'd')]
    await a.close()
    await b.close()
    for (const one of waiting) expect(await recordOf(one)).toBe(undefined)
  })

  it('are stored later if Redis had no free memory: repeats wait for them', async () => {
    const alone = await redisBench()
    const errors: unknown[] = []
    const [a, b] = await Promise.all(
      [1, 2].map(() => alone.broker({ prefix: 'p', onError: (error) => errors.push(error) })),
    )
    if (!a || !b) throw new Error('no brokers')
    await a.replies.begin('k', 'd')
    await alone.command('CONFIG', 'SET', 'maxmemory', '1')
    const settled = a.replies.finish('k', '{"n":1}', 60_000)
    await expect(settled).rejects.toMatchObject({ code: 'unavailable' })
    await alone.command('CONFIG', 'SET', 'maxmemory', '0')
    const repeats = await Promise.all([a, b].map(({ replies }) => replies.begin('k', 'd')))
    for (const repeat of repeats) {
      const record = repeat.state === 'answered' ? repeat.record : await recordOf(repeat)
      expect(record).toBe('{"n":1}')
    }
    expect(errors.map(String)).toContainEqual(expect.stringContaining('OOM'))
  })
})
