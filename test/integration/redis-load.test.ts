import { expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { WebSocket } from 'ws'
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

  it('give a slow reader a gap for what the history does not hold, and all of the rest', async () => {
    const history = { channelBytes: 1024 * 1024 }
    const { server, url } = await serve({
      broker: await bench.broker({ prefix: bench.prefix(), history }),
    })
    const sockets: WebSocket[] = []
    class Pausable extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(address, protocols)
        sockets.push(this)
      }
    }
    const { client } = connect(url, { WebSocket: Pausable })
    const channels = new ChannelSubscriber(client)
    const calm: unknown[] = []
    const seen: unknown[] = []
    const quiet = channels.subscribe('calm', (n) => calm.push(n))
    const busy = channels.subscribe('busy', (_, { offset }) => seen.push(offset))
    busy.status.subscribe(({ name }) => {
      if (name === 'gap') seen.push(name)
    })
    await Promise.all([quiet.ready, busy.ready])
    sockets[0]?.pause()
    const pad = 'x'.repeat(8_000)
    let last = 0
    for (let n = 1; n <= 30; n++) {
      await server.publish('calm', 'n', n)
      const some = Array.from({ length: 100 }, () => server.publish('busy', 'x', pad))
      last = (await Promise.all(some)).at(-1)?.offset ?? 0
    }
    sockets[0]?.resume()
    await until(() => expect(calm).toHaveLength(30))
    expect(calm).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
    const next = await server.publish('busy', 'x', pad)
    expect(next.offset).toBe(last + 1)
    await until(() => expect(seen.at(-1)).toBe(next.offset))
    // Before the gap no event is missing, and none after it.
    const at = seen.indexOf('gap')
    expect(seen.filter((one) => one === 'gap')).toEqual(['gap'])
    const before = Array.from({ length: at }, (_, n) => n + 1)
    const first = next.offset - (seen.length - at - 2)
    const after = Array.from({ length: seen.length - at - 1 }, (_, n) => first + n)
    expect(seen).toEqual([...before, 'gap', ...after])
    expect(first).toBeGreaterThan(at + 1)
  })
})
