import { expect, it } from 'vitest'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { replyLimitsContract } from './reply-limits-contract.ts'

const clock = new ManualClock()
replyLimitsContract('a memory broker', {
  make: async (replies) => new MemoryBroker({ clock, replies }),
  pass: (ms) => clock.advance(ms),
})

describeWithRedis('on Redis', async () => {
  const bench = await redisBench()
  for (const strategy of ['streams', 'pub-sub'] as const) {
    replyLimitsContract(`a Redis broker with ${strategy}`, {
      make: (replies) => bench.broker({ prefix: bench.prefix(), strategy, replies }),
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    })
  }

  it('results are counted exactly, whatever is dropped', async () => {
    const prefix = bench.prefix()
    const limits = { userBytes: 20_000, totalBytes: 50_000 }
    const nodes = [
      await bench.broker({ prefix, replies: limits }),
      await bench.broker({ prefix, replies: limits }),
    ]
    const names = ['ada', 'bob', 'cid', 'dan']
    const requests = Array.from({ length: 300 }, async (_, n) => {
      const [replies, key] = [nodes[n % 2]?.replies, `${names[n % 4]}\t${n}`]
      await replies?.begin(key, 'd')
      await replies?.finish(key, 'x'.repeat((n * 997) % 9_000), n % 5 ? 60_000 : 600_000)
    })
    await Promise.all(requests)
    const numbers = async (...args: readonly string[]) =>
      String(await bench.command(...args))
        .split(',')
        .map(Number)
    let total = 0
    for (const name of names) {
      const items = String(await bench.command('LRANGE', `${prefix}:results:${name}`, '0', '-1'))
      const sizes = items.split(',').map((item) => Number(item.split(' ')[2] ?? 0))
      const sum = sizes.reduce((all, one) => all + one)
      const account = `${prefix}:account:${name}`
      expect(await numbers('HMGET', account, 'requests', 'bytes')).toEqual([75, sum])
      expect(sum).toBeLessThanOrEqual(limits.userBytes)
      total += sum
    }
    const all = await numbers('HMGET', `${prefix}:account:`, 'requests', 'bytes')
    expect(all).toEqual([300, total])
    expect(total).toBeLessThanOrEqual(limits.totalBytes)
    expect(total).toBeGreaterThan(limits.totalBytes - 10_000)
  })

  it('results take no more memory than what is counted, and about 300 bytes once dropped', async () => {
    const prefix = bench.prefix()
    const { replies } = await bench.broker({ prefix, replies: { userBytes: 600_000 } })
    const memory = async () =>
      Number(/used_memory:(\d+)/.exec(String(await bench.command('INFO', 'memory')))?.[1])
    const run = async (from: number, to: number, bytes: number) => {
      for (let n = from; n < to; n += 50) {
        const some = Array.from({ length: 50 }, async (_, at) => {
          const key = `["native","user","ada"]\t"0123456789abcdef0123${n + at}"`
          await replies.begin(key, 'd'.repeat(43))
          await replies.finish(key, 'x'.repeat(bytes), 60_000)
        })
        await Promise.all(some)
      }
    }
    await run(0, 50, 10)
    const before = await memory()
    await run(1_000, 1_500, 500)
    expect((await memory()) - before).toBeLessThan(500 * 1_200)
    await run(2_000, 7_000, 2_000)
    expect((await memory()) - before).toBeLessThan(700_000 + 5_500 * 300)
    const account = async (field: string) =>
      Number(await bench.command('HGET', `${prefix}:account:["native","user","ada"]`, field))
    expect(await account('requests')).toBe(5_550)
    expect(await account('bytes')).toBeLessThanOrEqual(600_000)
    expect(await account('bytes')).toBeGreaterThan(550_000)
  })
})
