import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { Broker, SubscribeGrant } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { balanced, connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

function story(brokers: () => Promise<readonly [Broker, Broker]>) {
  it('reads nothing of the time between, and everything since, in order and once', async () => {
    let grant: SubscribeGrant | boolean = true
    const [one, other] = await brokers()
    const a = await serve({ broker: one, authorize: () => grant })
    const b = await serve({ broker: other, authorize: () => grant })
    const front = await balanced()
    front.backends.add(a.port)
    const { client } = connect(front.url)
    const heard: unknown[] = []
    const subscription = new ChannelSubscriber(client).subscribe('room', (payload) => {
      heard.push(payload)
    })
    subscription.status.subscribe((status) => {
      if (status.name === 'gap') heard.push(status.reason)
    })
    await subscription.ready
    await a.server.publish('room', 'n', 1)
    await until(() => expect(heard).toEqual([1]))
    front.backends.clear()
    front.dropAll()
    for (const n of [2, 3]) await b.server.publish('room', 'n', n)
    grant = { since: await b.server.channels.head('room') }
    for (const n of [4, 5]) await b.server.publish('room', 'n', n)
    front.backends.add(b.port)
    await until(() => expect(heard).toEqual([1, 'history-lost', 4, 5]))
    await b.server.publish('room', 'n', 6)
    await until(() => expect(heard).toEqual([1, 'history-lost', 4, 5, 6]))
    front.dropAll()
    await b.server.publish('room', 'n', 7)
    await until(() => expect(heard).toEqual([1, 'history-lost', 4, 5, 6, 7]))
  })
}

describe('a member who was excluded for a while, on two servers in one process', () => {
  const broker = new MemoryBroker()
  story(async () => [broker, broker])
})

describeWithRedis(
  'a member who was excluded for a while, on two servers on one Redis',
  async () => {
    const bench = await redisBench()
    const prefix = bench.prefix()
    story(async () => [await bench.broker({ prefix }), await bench.broker({ prefix })])
  },
)
