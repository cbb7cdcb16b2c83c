import { MemoryBroker } from 'wirefold/server'
import type { Library } from '../../support/redis.ts'
import { describeWithRedis, LIBRARIES, redisBench } from '../../support/redis.ts'
import { brokerContract } from './contract.ts'

brokerContract('memory', {
  recovers: true,
  nodes: async () => {
    const broker = new MemoryBroker()
    return [broker, broker]
  },
})

describeWithRedis('on Redis', async () => {
  const bench = await redisBench()
  const run = (strategy: 'streams' | 'pub-sub', library: Library): void => {
    brokerContract(`${strategy} by ${library}`, {
      recovers: strategy === 'streams',
      nodes: async () => {
        const options = { prefix: bench.prefix(), strategy }
        return [await bench.broker(options, library), await bench.broker(options, library)]
      },
    })
  }
  for (const library of LIBRARIES) {
    run('streams', library)
    run('pub-sub', library)
  }
})
