import { expect, it, onTestFinished } from 'vitest'
import type { ReplyLookup } from 'wirefold/server'
import { createRedisBroker } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { until } from '../../support/live.ts'
import { intercepted } from '../../support/lossy.ts'
import { describeWithRedis, LIBRARIES, redisBench } from '../../support/redis.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1)

const recordOf = (lookup: ReplyLookup) =>
  lookup.state === 'started' ? lookup.record : Promise.reject(new Error(lookup.state))

describeWithRedis('replies in Redis', async () => {
  const bench = await redisBench()

  /** Creates two nodes with one prefix; `die()` ends the lease of the request's node. */
  async function nodes() {
    const prefix = bench.prefix()
    const [dying, clock] = [new ManualClock(), new ManualClock()]
    const [a, b] = [
      await bench.broker({ prefix, clock: dying }),
      await bench.broker({ prefix, clock }),
    ]
    const die = async () => {
      const owner = await bench.command('HGET', `${prefix}:answer:k`, 'owner')
      await bench.command('DEL', `${prefix}:node:${owner}`)
    }
    return { a, b, die, clock, prefix }
  }

  it('are lost with the node that runs the request, for later lookups', async () => {
    const { a, b, die } = await nodes()
    await a.replies.begin('k', 'd')
    await die()
    expect(await recordOf(await b.replies.begin('k', 'd'))).toBe(undefined)
    expect(await b.replies.begin('k', 'another')).toEqual({ state: 'conflict' })
  })

  it('are lost with the node that runs the request, for waiting lookups', async () => {
    const { a, b, die, clock } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = await b.replies.begin('k', 'd')
    await die()
    await clock.advance(10_000)
    expect(await recordOf(waiting)).toBe(undefined)
  })

  it('are found by polling if the message was lost', async () => {
    const { a, b, clock, prefix } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = await b.replies.begin('k', 'd')
    await bench.command('HDEL', `${prefix}:answer:k`, 'waiting')
    await a.replies.settle('k', '{"payload":1}', 60_000)
    await clock.advance(10_000)
    expect(await recordOf(waiting)).toBe('{"payload":1}')
  })

  it('are awaited as long as their node lives', async () => {
    const { a, b, clock } = await nodes()
    await a.replies.begin('k', 'd')
    const waiting = recordOf(await b.replies.begin('k', 'd'))
    let resolved = false
    waiting.then(() => {
      resolved = true
    })
    for (let n = 0; n < 3; n++) {
      await clock.advance(10_000)
      await b.head('a')
    }
    expect(resolved).toBe(false)
    await a.replies.settle('k', '{}', 60_000)
    expect(await waiting).toBe('{}')
  })

  it('are stored for their own lifetime, independent of the lease of a node', async () => {
    const { a, prefix } = await nodes()
    await a.replies.begin('k', 'd')
    await a.replies.settle('k', '{}', 60_000)
    expect(Number(await bench.command('PTTL', `${prefix}:answer:k`))).toBeLessThanOrEqual(60_000)
    const keys = String(await bench.command('KEYS', `${prefix}:node:*`)).split(',')
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      expect(Number(await bench.command('PTTL', key))).toBeGreaterThan(30_000)
    }
  })

  it('reach back to the last data loss of Redis, and no earlier request runs again', async () => {
    const server = await redisBench()
    const first = await server.broker({ prefix: 'p' })
    expect(first.replies.reachMs).toBeLessThan(10_000)
    await server.command('HSET', 'p:era', 'since', `${Date.now() - 700_000}`)
    const [a, b] = [await server.broker({ prefix: 'p' }), await server.broker({ prefix: 'p' })]
    expect(a.replies.reachMs).toBeGreaterThanOrEqual(699_000)
    await a.replies.begin('k', 'd')
    await a.replies.settle('k', '{}', 600_000)
    await server.command('FLUSHALL')
    // The node learns of the loss by this lookup: the client counts on a reach that is gone.
    expect(await recordOf(await b.replies.begin('k', 'd'))).toBe(undefined)
    expect(b.replies.reachMs).toBeLessThan(10_000)
    expect((await b.replies.begin('k', 'd')).state).toBe('fresh')
    await until(() => expect(a.replies.reachMs).toBeLessThan(10_000))
  })

  it('do not matter to a request that was never sent before, also after a data loss', async () => {
    const server = await redisBench()
    const [a, b] = [await server.broker({ prefix: 'p' }), await server.broker({ prefix: 'p' })]
    await server.command('FLUSHALL')
    const first = numbers(20).map((n) => a.replies.begin(`first ${n}`, 'd', false))
    const again = numbers(20).map((n) => b.replies.begin(`again ${n}`, 'd', true))
    for (const lookup of await Promise.all(first)) expect(lookup).toEqual({ state: 'fresh' })
    expect(await recordOf((await Promise.all(again))[0] ?? { state: 'fresh' })).toBe(undefined)
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

  it('are looked up again if the connection is lost under the first look-up', async () => {
    const prefix = bench.prefix()
    let lost = 0
    const connector = intercepted(await bench.connect(), async (args, send) => {
      const reply = await send(args)
      if (lost || !args.includes('key')) return reply
      // Redis has marked the request as started, and the reply does not arrive.
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
})
