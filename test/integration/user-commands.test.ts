import { describe, expect, it } from 'vitest'
import type { Broker, RealtimeServer } from 'wirefold/server'
import { MemoryBroker, WebSocketManager } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { deferred, RawClient, serve } from '../server/raw-client.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

/** Runs the tests on two servers that share a broker, or have one each on the same store. */
function suite(name: string, nodes: () => Promise<readonly [Broker, Broker]>): void {
  describe(`two servers, ${name}`, () => {
    /** Two servers, of which the second has a connection of Ada and one of Bob, subscribed to `a`. */
    async function pair() {
      const [one, two] = await nodes()
      const authenticate = ({ token }: { token: string | undefined }) => ({ id: token ?? '' })
      const [here, there] = [
        await serve({ broker: one, authenticate }),
        await serve({ broker: two, authenticate }),
      ]
      const ada = await RawClient.greeted(there.url, { token: 'ada' })
      const bob = await RawClient.greeted(there.url, { token: 'bob' })
      for (const client of [ada, bob]) await client.subscribe('a')
      return { here: here.server, there: there.server, ada, bob }
    }

    const subscriptions = (server: RealtimeServer) => server.stats().subscriptions

    it('disconnectUser on one closes the connections on both, with its code and reason', async () => {
      const { here, there, ada, bob } = await pair()
      here.disconnectUser('ada', { code: 4403, reason: 'locked' })
      expect(await ada.closed).toEqual({ code: 4403, reason: 'locked' })
      await expect.poll(() => there.connections().map(({ user }) => user?.id)).toEqual(['bob'])
      expect(await bob.settled()).toEqual([])
    })

    it('revokeUser on one unsubscribes on both', async () => {
      const { here, there, ada, bob } = await pair()
      here.revokeUser('ada', 'a')
      expect(await ada.next()).toMatchObject({
        ...{ type: 'unsubscribed', channel: 'a', payload: { code: 'forbidden' } },
      })
      expect(subscriptions(there)).toBe(1)
      expect(await bob.settled()).toEqual([])
    })

    it('disconnectUser refuses an invalid close code; the default is 4401', async () => {
      const { here, ada } = await pair()
      expect(() => here.disconnectUser('ada', { code: 1006 })).toThrow('1006')
      expect((await ada.closed).code).toBe(4401)
    })
  })
}

suite('one broker in memory', async () => {
  const broker = new MemoryBroker()
  return [broker, broker]
})

describeWithRedis('on Redis', async () => {
  const bench = await redisBench()
  for (const strategy of ['streams', 'pub-sub'] as const) {
    suite(strategy, async () => {
      const options = { prefix: bench.prefix(), strategy }
      return [await bench.broker(options), await bench.broker(options)]
    })
  }
})

describe('commands about users', () => {
  it('affect a user whose authentication is pending on another server', async () => {
    const broker = new MemoryBroker()
    const knows = deferred<{ id: string }>()
    const here = await serve({ broker })
    const there = await serve({ broker, authenticate: () => knows.promise })
    const client = await RawClient.open(there.url)
    client.send({ type: 'hello' })
    await expect.poll(() => there.server.stats().received).toBe(1)
    here.server.disconnectUser('ada')
    await new Promise(setImmediate)
    knows.resolve({ id: 'ada' })
    expect((await client.closed).code).toBe(4401)
  })

  it('are carried out once on the server where they are issued', async () => {
    const broker = new MemoryBroker()
    const { server, url } = await serve({ broker, authenticate: () => ({ id: 'ada' }) })
    server.disconnectUser('ada')
    const next = await RawClient.greeted(url)
    expect(await next.settled()).toEqual([])
    expect(next.ws.readyState).toBe(1)
  })

  it('cannot be issued by a client', async () => {
    const broker = new MemoryBroker()
    const { url } = await serve({ broker, authorize: () => true })
    const client = await RawClient.greeted(url)
    const payload = { type: 'disconnect', payload: { userId: 'ada', code: 4401, reason: '' } }
    const refused = { type: 'error', payload: { code: 'bad-channel' } }
    const channel = '\u0001users'
    expect(await client.request({ type: 'publish', channel, payload })).toMatchObject(refused)
    const { payload: subscribed } = await client.subscribe(channel)
    expect(subscribed).toMatchObject({ refused: { [channel]: 'bad-channel' } })
  })

  it('are reported if the broker cannot transmit them, and subscribed to again later', async () => {
    const clock = new ManualClock()
    const broker = new MemoryBroker({ clock })
    const subscribe = broker.subscribe.bind(broker)
    broker.subscribe = () => Promise.reject(new Error('away'))
    broker.publish = () => Promise.reject(new Error('full'))
    const errors: unknown[] = []
    const manager = new WebSocketManager({
      ...{ broker, clock, onError: (error) => errors.push(error) },
    })
    manager.connect({ bufferedAmount: 0, send() {}, close() {} })
    manager.disconnectUser('ada')
    await clock.advance(0)
    expect(errors).toEqual([new Error('away'), new Error('full')])
    const followed: string[] = []
    broker.subscribe = (channel, listener) => {
      followed.push(channel)
      return subscribe(channel, listener)
    }
    await clock.advance(5_000)
    expect(followed).toEqual(['\u0001users'])
  })
})
