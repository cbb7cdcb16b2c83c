import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { expect, it, onTestFinished } from 'vitest'
import { createRedisBroker, ioredisClient, redisClient } from 'wirefold/server/redis'
import { recorder } from '../../server/broker/contract.ts'
import { address } from '../../support/address.ts'
import { event, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'

/**
 * Starts two Redis servers, an address that leads to the first one, and brokers for that address.
 */
async function world(library: 'redis' | 'ioredis') {
  const [a, b] = [await redisBench(), await redisBench()]
  const { port, lead } = await address(a.server.port)
  const errors: unknown[] = []
  const broker = async (strategy: 'streams' | 'pub-sub' = 'streams', at = port) => {
    const client =
      library === 'redis'
        ? redisClient(createClient({ socket: { host: '127.0.0.1', port: at } }))
        : ioredisClient(new Redis({ host: '127.0.0.1', port: at, lazyConnect: true }))
    const onError = (error: unknown) => errors.push(error)
    const made = await createRedisBroker(client, { prefix: 'p', strategy, onError })
    onTestFinished(() => made.close())
    return made
  }
  return { a, b, lead, broker, errors }
}

for (const library of ['redis', 'ioredis'] as const) {
  describeWithRedis(`a Redis that becomes a replica: ${library}`, () => {
    for (const strategy of ['streams', 'pub-sub'] as const) {
      it(`has its connections replaced, and the cause reported: ${strategy}`, async () => {
        const { a, b, lead, broker, errors } = await world(library)
        const [near, far] = [await broker(strategy), await broker(strategy)]
        const { received, listener } = recorder()
        await far.subscribe('a', listener)
        await publishOn(near, 'a', event(1))
        await until(() => expect(received).toContain('1:1'))
        await a.command('REPLICAOF', '127.0.0.1', `${b.server.port}`)
        lead(b.server.port)
        await until(async () => {
          await publishOn(near, 'a', event(2)).catch(() => {})
          expect(received).toContainEqual(expect.stringMatching(/^broken:/))
        })
        await publishOn(near, 'a', event(3))
        await until(async () => {
          // With pub-sub an event reaches a server at most once, and not during a new subscribe.
          if (strategy === 'pub-sub') await publishOn(near, 'a', event(3))
          expect(received.at(-1)).toMatch(/^\d+:3$/)
        })
        await until(() => expect(errors.map(String).join()).toMatch(/READONLY|UNBLOCKED/))
        expect((await far.replies.begin('k', 'd', false)).state).toBe('fresh')
      })
    }

    it('refuses calls as unavailable until the address leads to the new master', async () => {
      const { a, b, lead, broker } = await world(library)
      const made = await broker()
      await publishOn(made, 'a', event(1))
      await a.command('REPLICAOF', '127.0.0.1', `${b.server.port}`)
      const refused = { code: 'unavailable', detail: { retryable: true } }
      await expect(publishOn(made, 'a', event(2))).rejects.toMatchObject(refused)
      await expect(made.replies.begin('k', 'd')).rejects.toMatchObject(refused)
      lead(b.server.port)
      await until(async () => {
        const position = await publishOn(made, 'a', event(3)).catch(() => undefined)
        expect(position?.offset).toBeGreaterThan(0)
      })
      expect((await made.replies.begin('k', 'd', false)).state).toBe('fresh')
    })

    it('is replaced if it does not reply', async () => {
      const { a, b, lead, broker, errors } = await world(library)
      const made = await broker()
      await publishOn(made, 'a', event(1))
      a.server.freeze()
      const waiting = publishOn(made, 'a', event(2))
      lead(b.server.port)
      expect((await waiting).offset).toBe(1)
      expect(errors.map(String)).toContainEqual(expect.stringContaining('has not replied'))
      a.server.thaw()
    })
  })
}

describeWithRedis('a master that confirmed events, and is demoted later', () => {
  it('causes a gap on all servers, even on those that left it before', async () => {
    const { a, b, lead, broker } = await world('ioredis')
    const late = await broker()
    // Both continue as masters, as after a partition: the new one has the data from before.
    await b.command('REPLICAOF', '127.0.0.1', `${a.server.port}`)
    await publishOn(late, 'a', event(1))
    await until(async () => expect(await b.command('EXISTS', 'p:stream:a')).toBe(1))
    await b.command('REPLICAOF', 'NO', 'ONE')
    const early = await broker('streams', b.server.port)
    const { received, listener } = recorder()
    await early.subscribe('a', listener)
    const position = await early.head('a')
    await publishOn(early, 'a', event(2))
    await until(() => expect(received).toContainEqual(expect.stringMatching(/:2$/)))
    // Confirmed by the old master, whose events are lost.
    await publishOn(late, 'a', event(3))
    await publishOn(late, 'a', event(4))
    await a.command('REPLICAOF', '127.0.0.1', `${b.server.port}`)
    lead(b.server.port)
    await until(() => expect(received.at(-1)).toMatch(/^broken:/))
    expect((await early.head('a')).epoch).not.toBe(position.epoch)
    // Only once: the new master has confirmed events of `late` since.
    const { epoch } = await early.head('a')
    await publishOn(late, 'a', event(5))
    await publishOn(early, 'a', event(6))
    expect((await late.head('a')).epoch).toBe(epoch)
  })
})
