import { expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

const EVENTS = 10_000
const IN_FLIGHT = 200

describeWithRedis('two servers on one Redis', async () => {
  const bench = await redisBench()

  it('deliver 10,000 events of 8 fast publishers to 100 subscribers without a gap', async () => {
    const prefix = bench.prefix()
    const start = async () => serve({ broker: await bench.broker({ prefix }) })
    const servers = [await start(), await start()]
    const people = Array.from({ length: 100 }, (_, n) => {
      const { client } = connect(servers[n % 2]?.url ?? '')
      const offsets: unknown[] = []
      const gaps: string[] = []
      const subscription = new ChannelSubscriber(client).subscribe('log', (_, { offset }) =>
        offsets.push(offset),
      )
      subscription.status.subscribe((status) => {
        if (status.name === 'gap') gaps.push(status.reason)
      })
      return { offsets, gaps, subscription }
    })
    await Promise.all(people.map(({ subscription }) => subscription.ready))
    let published = 0
    const writing = Array.from({ length: 8 * IN_FLIGHT }, async (_, n) => {
      while (published < EVENTS) {
        published += 1
        await servers[n % 2]?.server.publish('log', 'n', published)
      }
    })
    await Promise.all(writing)
    await until(() => {
      for (const { offsets, gaps } of people) {
        expect(gaps).toEqual([])
        expect(offsets.length).toBe(EVENTS)
      }
    })
    const all = Array.from({ length: EVENTS }, (_, n) => n + 1)
    for (const { offsets } of people) expect(offsets).toEqual(all)
  })
})
