import { expect, it } from 'vitest'
import type { Broker } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import { RawClient, serve } from '../server/raw-client.ts'
import { describeWithRedis, redisBench } from '../support/redis.ts'

const REQUESTS = 60
const REPLY_BYTES = 300_000

/** A server with a handler of large replies; counts how often it has run. */
async function world(broker: Broker) {
  const { server, url } = await serve({
    broker,
    authenticate: ({ token }) => (token === undefined ? null : { id: token }),
  })
  let runs = 0
  server.handle('report', () => {
    runs += 1
    return 'x'.repeat(REPLY_BYTES)
  })
  return { url, runs: () => runs }
}

/** Small requests with large replies: about 4 kB in all. */
async function ask(client: RawClient) {
  for (let n = 0; n < REQUESTS; n++) {
    const { payload } = await client.request({ type: 'report', requestId: `r${n}` })
    expect(payload).toHaveLength(REPLY_BYTES)
  }
}

const unknown = { code: 'outcome-unknown', retryable: false }

describeWithRedis('small requests with large replies', async () => {
  const bench = await redisBench()

  const brokers = {
    memory: async () => new MemoryBroker(),
    redis: () => bench.broker({ prefix: bench.prefix() }),
  }
  for (const [name, make] of Object.entries(brokers)) {
    it(`leave at most the bytes of one user behind, and none runs twice: ${name}`, async () => {
      const { url, runs } = await world(await make())
      const memory = async () =>
        Number(/used_memory:(\d+)/.exec(String(await bench.command('INFO', 'memory')))?.[1])
      const before = await memory()
      await ask(await RawClient.greeted(url, { token: 'mallory' }))
      // The replies were 18 MB.
      expect((await memory()) - before).toBeLessThan(3_000_000)
      const again = await RawClient.greeted(url, { token: 'mallory' })
      const first = await again.request({ type: 'report', requestId: 'r0' })
      expect(first.payload).toMatchObject(unknown)
      const last = await again.request({ type: 'report', requestId: `r${REQUESTS - 1}` })
      expect(last.payload).toHaveLength(REPLY_BYTES)
      expect(runs()).toBe(REQUESTS)
    })
  }

  it('beyond the number that is remembered are refused, for that user only', async () => {
    const broker = await bench.broker({ prefix: bench.prefix(), replies: { userRequests: 3 } })
    const { url, runs } = await world(broker)
    const mallory = await RawClient.greeted(url, { token: 'mallory' })
    for (const n of [1, 2, 3]) await mallory.request({ type: 'report', requestId: `r${n}` })
    const refused = { code: 'rate-limited', retryable: true, retryAfterMs: 10_000 }
    // On another connection as well.
    const other = await RawClient.greeted(url, { token: 'mallory' })
    for (const client of [mallory, other]) {
      const { payload } = await client.request({ type: 'report', requestId: 'r4' })
      expect(payload).toMatchObject(refused)
    }
    expect(runs()).toBe(3)
    const ada = await RawClient.greeted(url, { token: 'ada' })
    expect((await ada.request({ type: 'report', requestId: 'r4' })).payload).toHaveLength(
      REPLY_BYTES,
    )
    // What was remembered is still answered.
    const repeat = await other.request({ type: 'report', requestId: 'r3' })
    expect(repeat.payload).toHaveLength(REPLY_BYTES)
  })
})
