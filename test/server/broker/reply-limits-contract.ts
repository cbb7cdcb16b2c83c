import { describe, expect, it } from 'vitest'
import type { Broker, ReplyLimits } from 'wirefold/server'
import { event } from '../../support/broker.ts'

/** The reply store under test. */
export interface ReplyLimitsSetup {
  /** Creates a broker with these limits. */
  readonly make: (limits: ReplyLimits) => Promise<Broker>
  /** Lets time pass. */
  readonly pass: (ms: number) => Promise<void>
}

const MANY = 1_000_000
const NO_LIMITS = {
  userBytes: MANY,
  totalBytes: MANY,
  userRequests: MANY,
  totalRequests: MANY,
} satisfies ReplyLimits

/** The tests of the limits that every reply store has to pass. */
export function replyLimitsContract(name: string, { make, pass }: ReplyLimitsSetup): void {
  /** A broker, and short calls: a request `ada 1` is the first one of the sender `ada`. */
  async function world(limits: ReplyLimits) {
    const broker = await make({ ...NO_LIMITS, ...limits })
    const { replies } = broker
    const keyOf = (request: string) => request.replace(' ', '\t')
    const stateOf = async (request: string, digest = 'd') => {
      const lookup = await replies.begin(keyOf(request), digest)
      if (lookup.state !== 'started') return lookup.state
      return (await lookup.record) === undefined ? 'lost' : 'started'
    }
    const run = async (request: string, bytes = 10, keepMs = 60_000) => {
      expect(await replies.begin(keyOf(request), 'd')).toEqual({ state: 'fresh' })
      await replies.finish(keyOf(request), 'x'.repeat(bytes), keepMs)
    }
    return { broker, replies, keyOf, stateOf, run }
  }

  describe(`the results that ${name} remembers`, () => {
    it('are bounded for each sender: the oldest are dropped, and never run again', async () => {
      const { stateOf, run } = await world({ userBytes: 10_000 })
      await run('bob 1', 5_000)
      for (const request of ['ada 1', 'ada 2', 'ada 3', 'ada 4']) await run(request, 4_000)
      expect([await stateOf('ada 1'), await stateOf('ada 2')]).toEqual(['lost', 'lost'])
      expect([await stateOf('ada 3'), await stateOf('ada 4')]).toEqual(['answered', 'answered'])
      expect(await stateOf('bob 1')).toBe('answered')
      // The digest is still there.
      expect(await stateOf('ada 1', 'another')).toBe('conflict')
    })

    it('are bounded in all: the oldest are dropped, whoever sent them', async () => {
      const { stateOf, run } = await world({ totalBytes: 10_000 })
      await run('ada 1', 4_000)
      await run('bob 1', 4_000)
      await run('ada 2', 100)
      await run('cid 1', 4_000)
      expect(await stateOf('ada 1')).toBe('lost')
      await run('cid 2', 4_000)
      expect(await stateOf('bob 1')).toBe('lost')
      for (const request of ['ada 2', 'cid 1', 'cid 2']) {
        expect(await stateOf(request)).toBe('answered')
      }
    })

    it('drop no other result for one that is too large by itself, which waiting lookups get', async () => {
      const { stateOf, run, replies, keyOf } = await world({ userBytes: 10_000 })
      await run('ada 1', 5_000)
      await replies.begin(keyOf('ada 2'), 'd')
      const waiting = await replies.begin(keyOf('ada 2'), 'd')
      const large = 'x'.repeat(20_000)
      await replies.finish(keyOf('ada 2'), large, 60_000)
      expect(waiting.state === 'started' && (await waiting.record)).toBe(large)
      expect([await stateOf('ada 1'), await stateOf('ada 2')]).toEqual(['answered', 'lost'])
    })

    it('include those of publishes', async () => {
      const { stateOf, run, broker, keyOf } = await world({ userBytes: 10_000 })
      for (const request of ['ada 1', 'ada 2', 'ada 3', 'ada 4', 'ada 5']) {
        expect(await stateOf(request)).toBe('fresh')
        await broker.publish(['a'], event(1), { key: keyOf(request), keepMs: 60_000 })
      }
      expect(await stateOf('ada 1')).toBe('answered')
      await run('ada 6', 9_000)
      expect([await stateOf('ada 1'), await stateOf('ada 6')]).toEqual(['lost', 'answered'])
    })

    it('are of a number of requests of each sender; further ones do not run', async () => {
      const { stateOf, run, replies, keyOf } = await world({ userRequests: 3 })
      for (const request of ['ada 1', 'ada 2', 'ada 3']) await run(request)
      expect(await stateOf('ada 4')).toBe('full')
      expect(await stateOf('ada 4')).toBe('full')
      expect(await stateOf('ada 1')).toBe('answered')
      expect(await stateOf('ada 1', 'another')).toBe('conflict')
      await run('bob 1')
      // What may be retried is not remembered, and does not count.
      await replies.begin(keyOf('bob 2'), 'd')
      await replies.finish(keyOf('bob 2'), '{}', 0)
      for (const request of ['bob 2', 'bob 3']) await run(request)
      expect(await stateOf('bob 4')).toBe('full')
    })

    it('are of a number of requests in all', async () => {
      const { stateOf, run } = await world({ totalRequests: 3 })
      for (const request of ['ada 1', 'bob 1', 'cid 1']) await run(request)
      expect([await stateOf('ada 2'), await stateOf('dan 1')]).toEqual(['full', 'full'])
      expect(await stateOf('bob 1')).toBe('answered')
    })

    it('count once, although a request is finished again', async () => {
      const { stateOf, run, replies, keyOf } = await world({ userRequests: 2 })
      await run('ada 1')
      await replies.finish(keyOf('ada 1'), 'late', 60_000)
      await replies.finish(keyOf('ada 1'), 'late', 0)
      expect(await replies.begin(keyOf('ada 1'), 'd')).toMatchObject({ record: 'x'.repeat(10) })
      await run('ada 2')
      expect(await stateOf('ada 3')).toBe('full')
    })

    it('give their bytes and numbers back when they expire', async () => {
      const { stateOf, run } = await world({ userBytes: 5_500, userRequests: 4 })
      let full = 0
      // Where a round takes longer than its results live, the next one has longer ones.
      for (let lifeMs = 250, round = 5; full < 3; round++) {
        const start = performance.now()
        for (const n of [1, 2, 3, 4]) await run(`ada ${n}`, 2_000, lifeMs)
        const state = await stateOf(`ada ${round}`)
        const isInTime = performance.now() - start < lifeMs
        if (isInTime) expect(state).toBe('full')
        full += isInTime ? 1 : 0
        await pass(lifeMs * 1.2)
        lifeMs *= isInTime ? 1 : 2
      }
      await run('ada 1', 2_000)
      await run('ada 2', 2_000)
      expect([await stateOf('ada 1'), await stateOf('ada 2')]).toEqual(['answered', 'answered'])
    })

    it('give their bytes back once, although they are the oldest when others are dropped', async () => {
      const { stateOf, run } = await world({ userBytes: 5_500 })
      await run('ada 1', 2_000, 250)
      await run('ada 2', 2_000)
      await pass(300)
      for (const n of [3, 4]) await run(`ada ${n}`, 2_000)
      const states = [await stateOf('ada 2'), await stateOf('ada 3'), await stateOf('ada 4')]
      expect(states).toEqual(['lost', 'answered', 'answered'])
    })

    it('give their bytes back once, although they were dropped before', async () => {
      const { stateOf, run } = await world({ userBytes: 5_500 })
      for (const n of [1, 2, 3, 4]) await run(`ada ${n}`, 2_000, 250)
      await pass(300)
      for (const n of [1, 2, 3]) await run(`ada ${n}`, 2_000)
      const states = [await stateOf('ada 1'), await stateOf('ada 2'), await stateOf('ada 3')]
      expect(states).toEqual(['lost', 'answered', 'answered'])
    })
  })
}
