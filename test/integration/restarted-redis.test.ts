import { expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { balanced, connect, serve, until } from '../support/live.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

/** A client of a server, and what it receives: payloads, and the reasons of gaps. */
async function follower(url: string) {
  const { client } = connect(url)
  const received: unknown[] = []
  const gaps: string[] = []
  const subscription = new ChannelSubscriber(client).subscribe('room', (payload) => {
    received.push(payload)
  })
  subscription.status.subscribe((status) => {
    if (status.name !== 'gap') return
    gaps.push(status.reason)
    received.push('gap')
  })
  await subscription.ready
  return { received, gaps }
}

describeWithRedis('a Redis that is killed and restarted empty', () => {
  it('costs each client one gap, and none of the events published since', async () => {
    const bench = await redisBench()
    const prefix = bench.prefix()
    const start = async () => serve({ broker: await bench.broker({ prefix }) })
    const servers = [await start(), await start()]
    const front = await balanced()
    front.backends.add(servers[0]?.port ?? 0)
    const away = await follower(front.url)
    const followers = [away, ...(await Promise.all(servers.map(({ url }) => follower(url))))]
    let turn = 0
    /** Publishes on the servers in turn; returns the name by its offset. */
    const publish = async (name: string): Promise<[offset: number, name: string]> => {
      const at = await servers[turn++ % servers.length]?.server.publish('room', 'note', name)
      return [at?.offset ?? 0, name]
    }
    await publish('before 1')
    await publish('before 2')
    for (const { received } of followers) {
      await until(() => expect(received).toEqual(['before 1', 'before 2']))
    }

    const { backends } = front
    const [port = 0] = backends
    backends.clear()
    front.dropAll()
    await bench.server.kill()
    // Sent while there is no Redis: carried out as soon as it is back.
    const waiting = [1, 2, 3, 4].map((n) => publish(`during ${n}`))
    await bench.server.start()
    // A server that starts now publishes, perhaps before the others have noticed the loss.
    servers.push(await start())
    const since: [offset: number, name: string][] = []
    for (let n = 1; n <= 41; n++) {
      if (n === 21) backends.add(port)
      since.push(await publish(`after ${n}`))
    }
    since.push(...(await Promise.all(waiting)))

    since.sort(([a], [b]) => a - b)
    expect(since.map(([offset]) => offset)).toEqual(since.map((_, n) => n + 1))
    const names = since.map(([, name]) => name)
    for (const { received, gaps } of followers) {
      await until(() => expect(received).toHaveLength(3 + names.length))
      expect(received).toEqual(['before 1', 'before 2', 'gap', ...names])
      expect(gaps).toEqual(['epoch-changed'])
    }
  })
})
