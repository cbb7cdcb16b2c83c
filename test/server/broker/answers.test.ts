import { expect, it } from 'vitest'
import type { ReplyLookup } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'

const recordOf = (begun: ReplyLookup) =>
  begun.state === 'started' ? begun.record : Promise.reject(new Error(begun.state))

describeWithRedis('answers in Redis', async () => {
  const bench = await redisBench()

  /** Two nodes of a prefix, and how the first of them dies: nothing renews its lease any more. */
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

  it('are lost with the node that carried the request out: whoever asks then is told so', async () => {
    const { a, b, die } = await nodes()
    await a.answers.begin('k', 'd')
    await die()
    expect(await recordOf(await b.answers.begin('k', 'd'))).toBe(undefined)
    expect(await b.answers.begin('k', 'another')).toEqual({ state: 'conflict' })
  })

  it('are lost to those who waited, too', async () => {
    const { a, b, die, clock } = await nodes()
    await a.answers.begin('k', 'd')
    const waiting = await b.answers.begin('k', 'd')
    await die()
    await clock.advance(10_000)
    expect(await recordOf(waiting)).toBe(undefined)
  })

  it('are found where they were not heard', async () => {
    const { a, b, clock, prefix } = await nodes()
    await a.answers.begin('k', 'd')
    const waiting = await b.answers.begin('k', 'd')
    await bench.command('HDEL', `${prefix}:answer:k`, 'waiting')
    await a.answers.settle('k', '{"payload":1}', 60_000)
    await clock.advance(10_000)
    expect(await recordOf(waiting)).toBe('{"payload":1}')
  })

  it('are waited for as long as their node lives', async () => {
    const { a, b, clock } = await nodes()
    await a.answers.begin('k', 'd')
    const waiting = recordOf(await b.answers.begin('k', 'd'))
    let told = false
    waiting.then(() => {
      told = true
    })
    for (let n = 0; n < 3; n++) {
      await clock.advance(10_000)
      await b.head('a')
    }
    expect(told).toBe(false)
    await a.answers.settle('k', '{}', 60_000)
    expect(await waiting).toBe('{}')
  })

  it('are remembered as long as they are worth, and not by the lease of a node', async () => {
    const { a, prefix } = await nodes()
    await a.answers.begin('k', 'd')
    await a.answers.settle('k', '{}', 60_000)
    expect(Number(await bench.command('PTTL', `${prefix}:answer:k`))).toBeLessThanOrEqual(60_000)
    const keys = String(await bench.command('KEYS', `${prefix}:node:*`)).split(',')
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      expect(Number(await bench.command('PTTL', key))).toBeGreaterThan(30_000)
    }
  })

  it('reach back to when Redis lost its memory, and no request from before is carried out again', async () => {
    const server = await redisBench()
    const first = await server.broker({ prefix: 'p' })
    expect(first.answers.reachMs).toBeLessThan(10_000)
    await server.command('HSET', 'p:era', 'since', `${Date.now() - 700_000}`)
    const [a, b] = [await server.broker({ prefix: 'p' }), await server.broker({ prefix: 'p' })]
    expect(a.answers.reachMs).toBeGreaterThanOrEqual(699_000)
    await a.answers.begin('k', 'd')
    await a.answers.settle('k', '{}', 600_000)
    await server.command('FLUSHALL')
    // The repeat came before anybody knew: a promise was made, and cannot be kept.
    expect(await recordOf(await b.answers.begin('k', 'd'))).toBe(undefined)
    expect(b.answers.reachMs).toBeLessThan(10_000)
    expect((await b.answers.begin('k', 'd')).state).toBe('fresh')
    await until(() => expect(a.answers.reachMs).toBeLessThan(10_000))
  })

  it('are told to be lost to those who wait when the broker is closed', async () => {
    const { a, b } = await nodes()
    await a.answers.begin('k', 'd')
    const waiting = [await a.answers.begin('k', 'd'), await b.answers.begin('k', 'd')]
    await a.close()
    await b.close()
    for (const one of waiting) expect(await recordOf(one)).toBe(undefined)
  })
})
