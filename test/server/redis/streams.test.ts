import { expect, it } from 'vitest'
import { createRedisBroker } from 'wirefold/server/redis'
import { event, eventListener, publishOn } from '../../support/broker.ts'
import { until } from '../../support/live.ts'
import type { Library } from '../../support/redis.ts'
import { clientOf, describeWithRedis, redisBench } from '../../support/redis.ts'
import { recorder } from '../broker/contract.ts'

describeWithRedis('the stream reader', async () => {
  const bench = await redisBench()

  /** Returns the number of commands of one kind that Redis has run so far. */
  const calls = async (name: string): Promise<number> => {
    const stats = String(await bench.command('INFO', 'commandstats'))
    return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  }

  /** Returns the connections of a process: their names, and the last command of each. */
  const clients = async (name: string): Promise<readonly string[]> => {
    const list = String(await bench.command('CLIENT', 'LIST')).split('\n')
    return list.filter((line) => line.includes(`name=${name} `))
  }

  it('delivers 10,000 events of three concurrent processes in the order of their offsets', async () => {
    const prefix = bench.prefix()
    const nodes = []
    for (let n = 0; n < 3; n++) nodes.push(await bench.broker({ prefix }))
    const channels = ['a', 'b', 'c', 'd']
    const received = nodes.map(() => new Map(channels.map((name) => [name, [] as number[]])))
    for (const [n, node] of nodes.entries()) {
      for (const name of channels) {
        await node.subscribe(
          name,
          eventListener(({ offset = 0 }) => received[n]?.get(name)?.push(offset)),
        )
      }
    }
    const writing = nodes.map(async (node, writer) => {
      for (let n = writer; n < 10_000; ) {
        // Small groups, so that the writes of the three processes interleave.
        const some = []
        for (let k = 0; k < 25 && n < 10_000; k++, n += 3) {
          some.push(publishOn(node, channels[n % 4] ?? '', event(n)))
        }
        await Promise.all(some)
      }
    })
    await Promise.all(writing)
    const all = Array.from({ length: 2_500 }, (_, n) => n + 1)
    await until(() => {
      for (const node of received)
        for (const offsets of node.values()) expect(offsets.length).toBe(2_500)
    })
    for (const node of received) for (const offsets of node.values()) expect(offsets).toEqual(all)
    const [one] = nodes
    if (!one) throw new Error('There are three.')
    const { epoch } = await one.head('a')
    const { events } = await one.since('a', { epoch, offset: 1_600 })
    expect(events.map(({ offset }) => offset)).toEqual(all.slice(1_600))
  })

  for (const library of ['redis', 'ioredis'] as const satisfies readonly Library[]) {
    it(`opens three connections besides that of the application, and blocks one of them: ${library}`, async () => {
      const name = `process-${library}`
      const { connector, command, close } = await clientOf(bench.server.url, library, name)
      const broker = await createRedisBroker(connector, { prefix: bench.prefix() })
      const { received, listener } = recorder()
      await broker.subscribe('a', listener)
      await until(async () => {
        const list = await clients(name)
        expect(list).toHaveLength(4)
        expect(list.filter((line) => line.includes('cmd=xread'))).toHaveLength(1)
      })
      for (let n = 1; n <= 5; n++) await publishOn(broker, 'a', event(n))
      await until(() => expect(received).toHaveLength(5))
      await broker.close()
      // The broker must not close the application's connection.
      await until(async () => expect(await clients(name)).toHaveLength(1))
      expect(await command(['PING'])).toBe('PONG')
      close()
    })
  }

  it('adds a stream at once, while it waits for others', async () => {
    const prefix = bench.prefix()
    const [a, b] = [await bench.broker({ prefix }), await bench.broker({ prefix })]
    await b.subscribe('first', recorder().listener)
    await until(async () => {
      const list = String(await bench.command('CLIENT', 'LIST'))
      expect(list).toMatch(/flags=b.*cmd=xread/)
    })
    const before = performance.now()
    for (let n = 0; n < 20; n++) {
      const { received, listener } = recorder()
      await b.subscribe(`stream ${n}`, listener)
      await publishOn(a, `stream ${n}`, event(n))
      await until(() => expect(received).toEqual([`1:${n}`]))
    }
    // If each had to wait for the end of a read, it would take 100 s.
    expect(performance.now() - before).toBeLessThan(50_000)
  })

  it('reads nothing without listeners, stops after the last one, and starts again', async () => {
    const prefix = bench.prefix()
    const broker = await bench.broker({ prefix })
    const { received, listener } = recorder()
    for (let round = 1; round <= 2; round++) {
      const off = await broker.subscribe('a', listener)
      await publishOn(broker, 'a', event(round))
      await until(() => expect(received).toHaveLength(round))
      const reads = await calls('xread')
      off()
      await until(async () => {
        const list = String(await bench.command('CLIENT', 'LIST'))
        const blocked = list.split('\n').filter((line) => /flags=b/.test(line))
        // Brokers of other tests still have blocking reads.
        expect(blocked.filter((line) => line.includes(prefix))).toEqual([])
      })
      await publishOn(broker, 'a', event())
      await broker.since('a', await broker.head('a'))
      expect((await calls('xread')) - reads).toBeLessThan(20)
    }
  })

  it('does not poll: a read follows an event, or the end of the block time', async () => {
    const server = await redisBench()
    const broker = await server.broker({ prefix: 'p' })
    const { received, listener } = recorder()
    for (let n = 0; n < 50; n++) await broker.subscribe(`c${n}`, listener)
    const count = async () => {
      const stats = String(await server.command('INFO', 'commandstats'))
      return Number(/cmdstat_xread:calls=(\d+)/.exec(stats)?.[1] ?? 0)
    }
    await publishOn(broker, 'c1', event(1))
    await until(() => expect(received).toEqual(['1:1']))
    const before = await count()
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect((await count()) - before).toBeLessThanOrEqual(1)
  })

  it('reads a stream once per process for any number of listeners', async () => {
    const prefix = bench.prefix()
    const broker = await bench.broker({ prefix })
    const recorders = Array.from({ length: 10 }, recorder)
    const opens = await calls('evalsha')
    await Promise.all(recorders.map(({ listener }) => broker.subscribe('a', listener)))
    expect((await calls('evalsha')) - opens).toBeLessThanOrEqual(3)
    await publishOn(broker, 'a', event(1))
    await until(() => {
      for (const { received } of recorders) expect(received).toEqual(['1:1'])
    })
  })
})
