import { expect, it } from 'vitest'
import type { RedisBrokerOptions } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { event, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import type { Library } from '../../support/redis.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { recorder } from './contract.ts'

/** A Redis of its own with two brokers, and a channel with three events that the second follows. */
async function world(options: RedisBrokerOptions, library?: Library) {
  const bench = await redisBench()
  const prefix = bench.prefix()
  const nodes = [
    await bench.broker({ prefix, ...options }, library),
    await bench.broker({ prefix, ...options }, library),
  ] as const
  const [a, b] = nodes
  const { heard, listener } = recorder()
  await b.subscribe('a', listener)
  for (const n of [1, 2, 3]) await publishOn(a, 'a', event(n))
  await until(() => expect(heard).toEqual(['1:1', '2:2', '3:3']))
  heard.length = 0
  return { ...bench, a, b, heard, prefix, before: await a.head('a') }
}

type World = Awaited<ReturnType<typeof world>>

/** Everybody knows that the history is another one, and goes on with it. */
async function expectAnotherHistory({ a, b, heard, before }: World, from: number) {
  await until(() => expect(heard).toContain(`broken:${from}`))
  const head = await b.head('a')
  expect(head.epoch).not.toBe(before.epoch)
  for (const broker of [a, b]) {
    expect(await broker.since('a', before)).toEqual({ head, events: [], complete: false })
    expect((await broker.since('a', { ...before, offset: 1 })).complete).toBe(false)
  }
  heard.length = 0
  const place = await publishOn(a, 'a', event(7))
  expect(place).toEqual({ epoch: head.epoch, offset: head.offset + 1 })
  await publishOn(b, 'a', event(8))
  // That it is another one may be said again: several things show it.
  const events = () => heard.filter((entry) => !entry.startsWith('broken'))
  await until(() => expect(events()).toEqual([`${place.offset}:7`, `${place.offset + 1}:8`]))
}

for (const strategy of ['streams', 'pub-sub'] as const) {
  for (const library of ['redis', 'ioredis'] as const) {
    describeWithRedis(`${strategy} by ${library}, on a Redis that`, () => {
      it('was killed and is empty, is another history, told on a channel where nothing happens', async () => {
        const made = await world({ strategy }, library)
        await made.server.kill()
        await made.server.start()
        await expectAnotherHistory(made, 0)
        for (const broker of [made.a, made.b]) {
          // Nothing is promised until it is known what is promised.
          await until(() => expect(broker.answers.reachMs).toBeGreaterThan(0))
          expect(broker.answers.reachMs).toBeLessThan(30_000)
        }
      })

      it('was killed and is as it was before, is another history', async () => {
        const made = await world({ strategy }, library)
        await made.command('SAVE')
        for (const n of [4, 5, 6]) await publishOn(made.a, 'a', event(n))
        await until(() => expect(made.heard).toEqual(['4:4', '5:5', '6:6']))
        await made.server.kill()
        await made.server.start()
        await expectAnotherHistory(made, 0)
      })
    })
  }

  describeWithRedis(`${strategy}, on a Redis that`, () => {
    it('was flushed, is another history, found out with the next event of any channel', async () => {
      const made = await world({ strategy })
      await made.command('FLUSHALL')
      await publishOn(made.a, 'another', event())
      await expectAnotherHistory(made, 0)
    })

    it('was flushed, is found out without any event', async () => {
      const clock = new ManualClock()
      const made = await world({ strategy, clock })
      await made.command('FLUSHALL')
      await clock.advance(10_000)
      await expectAnotherHistory(made, 0)
    })

    it('lost its record of the era, is another history', async () => {
      const made = await world({ strategy })
      await made.command('DEL', `${made.prefix}:era`)
      await publishOn(made.a, 'another', event())
      await expectAnotherHistory(made, 0)
    })

    it('lost a counter, has another history of that channel', async () => {
      const made = await world({ strategy })
      await made.command('DEL', `${made.prefix}:channel:a`)
      await publishOn(made.a, 'a', event())
      if (strategy === 'streams') await expectAnotherHistory(made, 1)
      else {
        // The event itself says which history it is of.
        await until(() => expect(made.heard).toEqual(['1:0']))
        expect((await made.b.since('a', made.before)).complete).toBe(false)
      }
    })
  })
}

describeWithRedis('streams, on a Redis that', () => {
  it('lost a stream, goes on where it was, and cannot show what was missed', async () => {
    const { a, b, heard, before, command, prefix } = await world({})
    await command('DEL', `${prefix}:stream:a`)
    expect(await publishOn(a, 'a', event(4))).toEqual({ ...before, offset: 4 })
    await until(() => expect(heard).toEqual(['4:4']))
    expect((await b.since('a', before)).complete).toBe(true)
    const older = await b.since('a', { ...before, offset: 2 })
    expect(older).toMatchObject({ complete: false, events: [] })
  })

  it('had a stream trimmed, or an entry taken out, does not show what is not whole', async () => {
    const { a, b, before, command, prefix } = await world({})
    for (const n of [4, 5, 6]) await publishOn(a, 'a', event(n))
    await command('XTRIM', `${prefix}:stream:a`, 'MAXLEN', '3')
    const since = async (offset: number) => (await b.since('a', { ...before, offset })).complete
    expect([await since(2), await since(3)]).toEqual([false, true])
    const birth = before.epoch.split('.')[1]
    await command('XDEL', `${prefix}:stream:a`, `${birth}-5`)
    expect([await since(4), await since(5)]).toEqual([false, true])
  })

  it('holds events for 5 minutes and counters for a day', async () => {
    const { command, prefix, a, b } = await world({})
    const left = async (key: string) => Number(await command('PTTL', `${prefix}:${key}`))
    expect(await left('stream:a')).toBeLessThanOrEqual(5 * 60_000)
    expect(await left('stream:a')).toBeGreaterThan(4 * 60_000)
    expect(await left('channel:a')).toBeLessThanOrEqual(24 * 60 * 60_000)
    expect(await left('channel:a')).toBeGreaterThan(23 * 60 * 60_000)
    // One that counted nothing costs nothing for long.
    await b.head('blank')
    expect(await left('channel:blank')).toBeLessThanOrEqual(5 * 60_000)
    // An old event goes with the next that comes.
    const { epoch } = await a.head('old')
    const old = [`${prefix}:stream:old`, `${epoch.split('.')[1]}-1`, 'at', '1', 'head', '{}']
    await command('XADD', ...old, 'json', '0')
    await command('HSET', `${prefix}:channel:old`, 'count', '1')
    await publishOn(a, 'old', event())
    expect(await command('XLEN', `${prefix}:stream:old`)).toBe(1)
  })

  it('keeps the counters of channels that are followed, whether or not anything happens', async () => {
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
