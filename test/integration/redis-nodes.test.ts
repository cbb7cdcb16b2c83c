import { expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import type { RealtimeServerOptions } from 'wirefold/server'
import type { RedisStrategy } from 'wirefold/server/redis'
import { ManualClock } from 'wirefold/testing'
import { RawClient } from '../server/raw-client.ts'
import { balanced, connect, serve, until } from '../support/live.ts'
import { passing } from '../support/passing.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

/** Longer than a busy machine takes to replace three servers, in milliseconds. */
const LONG_MS = 180_000

const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, n) => n + from)

describeWithRedis('servers on one Redis', async () => {
  const bench = await redisBench()

  /** Servers on ports of their own, each with a broker of its own. */
  async function nodes(count: number, options: RealtimeServerOptions = {}, on = bench) {
    const prefix = on.prefix()
    const made = []
    for (let n = 0; n < count; n++) {
      const broker = await on.broker({ prefix })
      made.push({ ...(await serve({ ...options, broker })), broker })
    }
    return made
  }

  /** A client that writes down what it hears on a channel, and how the channel stands. */
  function follow(url: string, channel: string, token?: string) {
    const { client, errors } = connect(url, {
      ...(token === undefined ? undefined : { auth: () => token }),
    })
    const heard: unknown[] = []
    const gaps: string[] = []
    const subscription = new ChannelSubscriber(client).subscribe(channel, (payload) =>
      heard.push(payload),
    )
    subscription.status.subscribe((status) => {
      if (status.name === 'gap') gaps.push(status.reason)
    })
    return { client, errors, heard, gaps, subscription }
  }

  for (const strategy of ['streams', 'pub-sub'] as const satisfies readonly RedisStrategy[]) {
    it(`tell each client what happens on any of them, in order and once: three nodes, ${strategy}`, async () => {
      const prefix = bench.prefix()
      const servers = []
      for (let n = 0; n < 3; n++) {
        const broker = await bench.broker({ prefix, strategy })
        servers.push(await serve({ broker, families: ['room'] }))
      }
      const people = servers.flatMap(({ url }) => [follow(url, 'room:1'), follow(url, 'room:*')])
      await Promise.all(people.map(({ subscription }) => subscription.ready))
      for (const n of numbers(60)) await servers[n % 3]?.server.publish('room:1', 'n', n)
      await until(() => {
        for (const { heard } of people) expect(heard.length).toBe(60)
      })
      for (const { heard, gaps } of people) expect([heard, gaps]).toEqual([numbers(60), []])
    })
  }

  it('say one event once to one socket, whatever it is subscribed to', async () => {
    const [a, b] = await nodes(2)
    const client = await RawClient.greeted(a?.url ?? '')
    await client.ask({ type: 'subscribe', requestId: 's', payload: { channels: ['a', 'b'] } })
    await b?.server.publish('a', 'n', 1)
    await b?.server.publish('b', 'n', 2)
    const got = [await client.next(), await client.next()]
    expect(got.map(({ channel }) => channel).sort()).toEqual(['a', 'b'])
    await b?.server.publish('a', 'n', 3)
    expect(await client.next()).toMatchObject({ channel: 'a', payload: 3, offset: 2 })
  })

  it('reach a user on all of them by the channel of that name', async () => {
    const servers = await nodes(2, {
      authenticate: ({ token }) => ({ id: token ?? '' }),
      authorize: (user, channel) => channel === `user:${user?.id}`,
    })
    const [a, b] = servers
    const tabs = servers.map(({ url }) => follow(url, 'user:ada', 'ada'))
    const other = follow(b?.url ?? '', 'user:bob', 'bob')
    await Promise.all([...tabs, other].map(({ subscription }) => subscription.ready))
    await a?.server.publish('user:ada', 'note', 'hello')
    await until(() => {
      for (const { heard } of tabs) expect(heard).toEqual(['hello'])
    })
    expect(other.heard).toEqual([])
  })

  it('resume one another’s clients: a node dies, and nothing is missing on the next', async () => {
    const [a, b] = await nodes(2)
    if (!a || !b) throw new Error('There are two.')
    const front = await balanced()
    front.backends.add(a.port)
    const people = numbers(5).map(() => follow(front.url, 'a'))
    await Promise.all(people.map(({ subscription }) => subscription.ready))
    for (const n of [1, 2]) await a.server.publish('a', 'n', n)
    await until(() => {
      for (const { heard } of people) expect(heard).toEqual([1, 2])
    })
    front.backends.clear()
    front.dropAll()
    for (const n of numbers(50, 3)) await b.server.publish('a', 'n', n)
    await a.broker.close()
    front.backends.add(b.port)
    await until(() => {
      for (const { heard } of people) expect(heard.length).toBe(52)
    })
    for (const { heard, gaps } of people) expect([heard, gaps]).toEqual([numbers(52), []])
  })

  it('carry out a request once, though its repeat comes to another node while it runs', async () => {
    const runs: string[] = []
    const gates: (() => void)[] = []
    const servers = await nodes(2)
    for (const { server } of servers) {
      server.handle('apply', async (payload, { publish }) => {
        runs.push(String(payload))
        await new Promise<void>((resolve) => gates.push(resolve))
        await publish('a', 'applied', payload)
        return `done ${payload}`
      })
    }
    const front = await balanced()
    for (const { port } of servers) front.backends.add(port)
    const { client, heard, subscription } = follow(front.url, 'a')
    await subscription.ready
    const asked = client.request('apply', 1)
    await until(() => expect(runs).toEqual(['1']))
    // The next socket goes to the other node.
    front.dropAll()
    await until(() => expect(client.state.get().name).toBe('open'))
    for (const open of gates) open()
    expect(await asked).toBe('done 1')
    await until(() => expect(heard).toEqual([1]))
    expect(runs).toEqual(['1'])
  })

  it(
    'let nobody notice that one after another is replaced',
    async () => {
      const prefix = bench.prefix()
      const applied = new Map<string, number>()
      const front = await balanced()
      const start = async () => {
        const broker = await bench.broker({ prefix })
        const { server, port } = await serve({ broker })
        server.handle('apply', async (payload, { publish }) => {
          const key = String(payload)
          applied.set(key, (applied.get(key) ?? 0) + 1)
          await publish('log', 'applied', key)
          return key
        })
        front.backends.add(port)
        return { server, port, broker }
      }
      let running = [await start(), await start(), await start()]
      const people = numbers(30).map(() => follow(front.url, 'log'))
      await Promise.all(people.map(({ subscription }) => subscription.ready))
      const requests: Promise<unknown>[] = []
      let going = true
      onTestFinished(() => {
        going = false
      })
      const asking = (async () => {
        for (let n = 0; going; n++) {
          const person = people[n % people.length]
          const request = person?.client.request('apply', `${n}`)
          // Looked at in the end, unless the test fails before.
          request?.catch(() => {})
          if (request) requests.push(request)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()
      for (const old of running) {
        const fresh = await start()
        front.backends.delete(old.port)
        running = [fresh, ...running.filter((other) => other !== old)]
        // No request is under way on it when its last client has moved; at a deadline one might be.
        await old.server.drain({ deadlineMs: LONG_MS, windowMs: 200 })
        await old.broker.close()
      }
      going = false
      await asking
      const answers = await Promise.allSettled(requests)
      expect(answers.filter(({ status }) => status === 'rejected')).toEqual([])
      expect([...applied.values()].filter((times) => times !== 1)).toEqual([])
      expect(applied.size).toBe(requests.length)
      await until(() => {
        for (const { heard } of people) expect(heard.length).toBe(requests.length)
      })
      const [first] = people
      for (const { heard, gaps, errors } of people) {
        expect([heard, gaps, errors]).toEqual([first?.heard, [], []])
      }
      expect(new Set(first?.heard).size).toBe(requests.length)
    },
    LONG_MS,
  )

  it('tell every client its gap when Redis was lost, on channels where nothing happens, too', async () => {
    const own = await redisBench()
    const servers = await nodes(2, {}, own)
    const people = servers.flatMap(({ url }) => [follow(url, 'busy'), follow(url, 'quiet')])
    await Promise.all(people.map(({ subscription }) => subscription.ready))
    for (const n of numbers(5)) await servers[0]?.server.publish('busy', 'n', n)
    await until(() => {
      for (const { heard } of people.filter((_, n) => n % 2 === 0)) expect(heard.length).toBe(5)
    })
    await own.server.kill()
    await own.server.start()
    await until(() => {
      for (const { gaps } of people) expect(gaps).toEqual(['epoch-changed'])
    })
    await servers[1]?.server.publish('busy', 'n', 6)
    await servers[1]?.server.publish('quiet', 'n', 7)
    await until(() => {
      for (const [n, { heard }] of people.entries()) expect(heard.at(-1)).toBe(n % 2 ? 7 : 6)
    })
    for (const { client, gaps } of people) {
      expect([client.state.get().name, gaps.length]).toEqual(['open', 1])
    }
  })

  it('go on without Redis by pub-sub, and tell every client its gap when it is back', async () => {
    const own = await redisBench()
    const prefix = own.prefix()
    const clock = new ManualClock()
    const servers = []
    for (let n = 0; n < 2; n++) {
      const broker = await own.broker({ prefix, strategy: 'pub-sub', clock })
      servers.push(await serve({ broker, authorize: () => true }))
    }
    const [a, b] = servers
    if (!a || !b) throw new Error('There are two.')
    const [near, far, quiet] = [follow(a.url, 'a'), follow(b.url, 'a'), follow(b.url, 'quiet')]
    await Promise.all([near, far, quiet].map(({ subscription }) => subscription.ready))
    await a.server.publish('a', 'n', 1)
    await until(() => expect([near.heard, far.heard]).toEqual([[1], [1]]))
    own.server.freeze()
    const place = await passing(clock, a.server.publish('a', 'n', 2))
    expect(place).toEqual({ epoch: '', offset: 0 })
    await passing(clock, a.server.publish('a', 'n', 3))
    await until(() => expect(near.heard).toEqual([1, 2, 3]))
    const refused = passing(clock, near.client.request('nothing', 1))
    await expect(refused).rejects.toMatchObject({ code: 'unavailable' })
    own.server.thaw()
    await until(async () => {
      await clock.advance(100)
      for (const { gaps } of [near, far, quiet]) expect(gaps.length).toBeGreaterThanOrEqual(1)
    })
    // What was under way when Redis stopped may come late, and then after the gap.
    expect(far.heard).toEqual(expect.toBeOneOf([[1], [1, 2]]))
    await b.server.publish('a', 'n', 4)
    await until(() => expect([near.heard.at(-1), far.heard.at(-1)]).toEqual([4, 4]))
    expect(near.heard).toEqual([1, 2, 3, 4])
  })
})
