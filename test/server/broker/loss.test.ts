import { expect, it } from 'vitest'
import type { RedisBrokerOptions } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { event, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import type { Library } from '../../support/redis.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { recorder } from './contract.ts'

/** Creates a Redis with two brokers, and a channel with three events that the second follows. */
async function world(options: RedisBrokerOptions, library?: Library) {
  const bench = await redisBench()
  const prefix = bench.prefix()
  const nodes = [
    await bench.broker({ prefix, ...options }, library),
    await bench.broker({ prefix, ...options }, library),
  ] as const
  const [a, b] = nodes
  const { received, listener } = recorder()
  await b.subscribe('a', listener)
  for (const n of [1, 2, 3]) await publishOn(a, 'a', event(n))
  await until(() => expect(received).toEqual(['1:1', '2:2', '3:3']))
  received.length = 0
  return { ...bench, a, b, received, prefix, before: await a.head('a') }
}

type World = Awaited<ReturnType<typeof world>>

/** Expects that both brokers detect a new history, and continue with it. */
async function expectNewHistory({ a, b, received, before }: World, from: number) {
  await until(() => expect(received).toContain(`broken:${from}`))
  const head = await b.head('a')
  expect(head.epoch).not.toBe(before.epoch)
  for (const broker of [a, b]) {
    expect(await broker.since('a', before)).toEqual({ head, events: [], complete: false })
    expect((await broker.since('a', { ...before, offset: 1 })).complete).toBe(false)
  }
  received.length = 0
  const position = await publishOn(a, 'a', event(7))
  expect(position).toEqual({ epoch: head.epoch, offset: head.offset + 1 })
  await publishOn(b, 'a', event(8))
  // `broken` may be called more than once, since the loss is detected in several ways.
  const events = () => received.filter((entry) => !entry.startsWith('broken'))
  await until(() => expect(events()).toEqual([`${position.offset}:7`, `${position.offset + 1}:8`]))
}

for (const strategy of ['streams', 'pub-sub'] as const) {
  for (const library of ['redis', 'ioredis'] as const) {
    describeWithRedis(`${strategy} by ${library}, on a Redis that`, () => {
      it('was killed and is empty, has a new history, also on an idle channel', async () => {
        const made = await world({ strategy }, library)
        await made.server.kill()
        await made.server.start()
        await expectNewHistory(made, 0)
        for (const broker of [made.a, made.b]) {
          // The reach is 0 until the age of the new generation is known.
          await until(() => expect(broker.replies.reachMs).toBeGreaterThan(0))
          expect(broker.replies.reachMs).toBeLessThan(30_000)
        }
      })

      it('was killed and has its data, has a new history', async () => {
        const made = await world({ strategy }, library)
        await made.command('SAVE')
        for (const n of [4, 5, 6]) await publishOn(made.a, 'a', event(n))
        await until(() => expect(made.received).toEqual(['4:4', '5:5', '6:6']))
        await made.server.kill()
        await made.server.start()
        await expectNewHistory(made, 0)
      })
    })
  }

  describeWithRedis(`${strategy}, on a Redis that`, () => {
    it('was flushed, has a new history, detected by the next event on any channel', async () => {
      const made = await world({ strategy })
      await made.command('FLUSHALL')
      await publishOn(made.a, 'another', event())
      await expectNewHistory(made, 0)
    })

    it('was flushed, is detected without an event', async () => {
      const clock = new ManualClock()
      const made = await world({ strategy, clock })
      await made.command('FLUSHALL')
      await clock.advance(10_000)
      await expectNewHistory(made, 0)
    })

    it('lost its generation record, has a new history', async () => {
      const made = await world({ strategy })
      await made.command('DEL', `${made.prefix}:generation`)
      await publishOn(made.a, 'another', event())
      await expectNewHistory(made, 0)
    })

    it('lost a counter, has a new history of that channel', async () => {
      const made = await world({ strategy })
      await made.command('DEL', `${made.prefix}:channel:a`)
      await publishOn(made.a, 'a', event())
      if (strategy === 'streams') {
        // The first event of the new epoch is received, too.
        await until(() => expect(made.received).toEqual(['broken:0', '1:0']))
        await expectNewHistory(made, 0)
      } else {
        // The event itself contains its epoch.
        await until(() => expect(made.received).toEqual(['1:0']))
        expect((await made.b.since('a', made.before)).complete).toBe(false)
      }
    })
  })
}

describeWithRedis('streams, on a Redis that', () => {
  it('lost a stream, continues at its offset, and cannot return missed events', async () => {
    const { a, b, received, before, command, prefix } = await world({})
    await command('DEL', `${prefix}:stream:a`)
    expect(await publishOn(a, 'a', event(4))).toEqual({ ...before, offset: 4 })
    await until(() => expect(received).toEqual(['4:4']))
    expect((await b.since('a', before)).complete).toBe(true)
    const older = await b.since('a', { ...before, offset: 2 })
    expect(older).toMatchObject({ complete: false, events: [] })
  })

  it('had a stream trimmed, or an entry removed, does not return incomplete events', async () => {
    const { a, b, before, command, prefix } = await world({})
    for (const n of [4, 5, 6]) await publishOn(a, 'a', event(n))
    await command('XTRIM', `${prefix}:stream:a`, 'MAXLEN', '3')
    const since = async (offset: number) => (await b.since('a', { ...before, offset })).complete
    expect([await since(2), await since(3)]).toEqual([false, true])
    const counterId = before.epoch.split('.')[1]
    await command('XDEL', `${prefix}:stream:a`, `${counterId}-5`)
    expect([await since(4), await since(5)]).toEqual([false, true])
  })

  it('keeps events for 5 minutes and counters for a day', async () => {
    const { command, prefix, a, b } = await world({})
    const left = async (key: string) => Number(await command('PTTL', `${prefix}:${key}`))
    expect(await left('stream:a')).toBeLessThanOrEqual(5.2 * 60_000)
    expect(await left('stream:a')).toBeGreaterThan(4 * 60_000)
    expect(await left('channel:a')).toBeLessThanOrEqual(24 * 60 * 60_000)
    expect(await left('channel:a')).toBeGreaterThan(23 * 60 * 60_000)
    // A counter at 0 is removed earlier.
    await b.head('blank')
    expect(await left('channel:blank')).toBeLessThanOrEqual(5 * 60_000)
    // An old event is removed when the next one is added.
    const { epoch } = await a.head('old')
    const old = [`${prefix}:stream:old`, `${epoch.split('.')[1]}-1`, 'at', '1', 'from', '0']
    await command('XADD', ...old, 'head', '{}', 'json', '0')
    const counter = ['count', '1', 'sum', '200', 'from', '0', 'oldest', '1']
    await command('HSET', `${prefix}:channel:old`, ...counter)
    await publishOn(a, 'old', event())
    expect(await command('XLEN', `${prefix}:stream:old`)).toBe(1)
  })

  it('keeps the counters of followed channels, even of idle ones', async () => {
    const clock = new ManualClock()
    const { command, prefix, b } = await world({ clock })
    await b.subscribe('quiet', recorder().listener)
    await command('PEXPIRE', `${prefix}:channel:quiet`, '60000')
    await until(async () => {
      await clock.advance(10_000)
      expect(Number(await command('PTTL', `${prefix}:channel:quiet`))).toBeGreaterThan(60_000)
    })
  })
})

describeWithRedis('streams, on a Redis that was killed and is empty', () => {
  it('delivers what is published there before a server has noticed the loss', async () => {
    const { server, a, received, before, prefix, broker } = await world({})
    await server.kill()
    await server.start()
    // Another server is there at once, and publishes.
    const early = await broker({ prefix })
    for (const n of [4, 5, 6]) await publishOn(early, 'a', event(n))
    // The loss may be noticed in several ways.
    await until(() => expect([...new Set(received)]).toEqual(['broken:0', '1:4', '2:5', '3:6']))
    expect((await a.head('a')).epoch).not.toBe(before.epoch)
  })
})
