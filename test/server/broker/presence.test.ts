import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { passLeases } from '../../support/leases.ts'
import { describeWithRedis, redisBench } from '../../support/redis.ts'
import { presenceContract } from './presence-contract.ts'

const clock = new ManualClock()
presenceContract('memory', {
  nodes: async (presence) => {
    const broker = new MemoryBroker({ clock, presence })
    return [broker, broker]
  },
  pass: (ms) => clock.advance(ms),
})

describeWithRedis('on Redis', async () => {
  const bench = await redisBench()
  for (const library of ['redis', 'ioredis 5'] as const) {
    for (const strategy of ['streams', 'pub-sub'] as const) {
      let prefix = ''
      presenceContract(`${strategy} by ${library}`, {
        nodes: async (presence) => {
          prefix = bench.prefix()
          const options = { prefix, strategy, presence }
          return [await bench.broker(options, library), await bench.broker(options, library)]
        },
        pass: (ms) => passLeases(bench.command, prefix, ms),
      })
    }
  }
})
