import { describe, expect, it } from 'vitest'
import { MemoryBroker } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'

function make() {
  const clock = new ManualClock()
  const broker = new MemoryBroker({ clock })
  const { replies } = broker
  const remember = async (key: string, answer = key) => {
    await replies.begin(key, 'd')
    await replies.finish(key, answer, 1_000)
  }
  const stateOf = async (key: string) => (await replies.begin(key, 'd')).state
  return { broker, clock, replies, remember, stateOf }
}

describe('the replies of a memory broker', () => {
  it('are stored by the first caller; the others wait for them', async () => {
    const { replies } = make()
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => replies.begin('k', 'd')))
    expect([first?.state, second?.state, third?.state]).toEqual(['fresh', 'started', 'started'])
    await replies.finish('k', 'yes', 1_000)
    for (const begun of [second, third]) {
      expect(begun?.state === 'started' && (await begun.record)).toBe('yes')
    }
    expect(await replies.begin('k', 'd')).toEqual({ state: 'answered', record: 'yes' })
  })

  it('have a reach', async () => {
    const { replies, clock, remember } = make()
    expect(replies.reachMs).toBe(0)
    await clock.advance(5_000)
    expect(replies.reachMs).toBe(5_000)
    // A result that was dropped does not limit the reach: its request is still remembered.
    await remember('large', 'x'.repeat(2 * 1024 * 1024))
    await clock.advance(100)
    expect(await replies.begin('large', 'd')).toEqual({ state: 'lost' })
    expect(replies.reachMs).toBe(5_100)
  })

  it('are a conflict for another digest with the same key', async () => {
    const { replies, remember } = make()
    await replies.begin('running', 'd')
    await remember('done')
    for (const key of ['running', 'done']) {
      expect(await replies.begin(key, 'another')).toEqual({ state: 'conflict' })
    }
  })

  it('are stored for their lifetime', async () => {
    const { replies, clock, remember, stateOf } = make()
    await remember('k')
    await clock.advance(999)
    expect(await stateOf('k')).toBe('answered')
    await clock.advance(1)
    expect(await stateOf('k')).toBe('fresh')
    const waiting = await replies.begin('k', 'd')
    await replies.finish('k', 'busy', 0)
    expect(waiting.state === 'started' && (await waiting.record)).toBe('busy')
    expect(await stateOf('k')).toBe('fresh')
  })

  it('never drop running requests, whatever has ended meanwhile', async () => {
    const { replies, remember, stateOf } = make()
    await replies.begin('running', 'd')
    for (let n = 0; n < 1_000; n++) await remember(`ada\t${n}`, 'x'.repeat(5_000))
    expect(await stateOf('running')).toBe('started')
    expect([await stateOf('ada\t0'), await stateOf('ada\t999')]).toEqual(['lost', 'answered'])
  })

  it('are limited by default: 1 MiB of one sender, 64 MiB in all', async () => {
    const { remember, stateOf } = make()
    const large = 'x'.repeat(500_000)
    for (let n = 0; n < 140; n++) await remember(`sender ${n % 70}\t${n}`, large)
    // The last 134 fit into 64 MiB, two of each sender.
    expect([await stateOf('sender 5\t5'), await stateOf('sender 6\t6')]).toEqual([
      'lost',
      'answered',
    ])
    await remember('sender 6\tmore', large)
    expect([await stateOf('sender 6\t6'), await stateOf('sender 7\t7')]).toEqual([
      'lost',
      'answered',
    ])
  })

  it('are lost for waiting lookups when the broker is closed', async () => {
    const { broker, replies, remember, stateOf } = make()
    await remember('done')
    await replies.begin('running', 'd')
    const waiting = await replies.begin('running', 'd')
    await broker.close()
    expect(waiting.state === 'started' && (await waiting.record)).toBe(undefined)
    await replies.finish('running', 'late', 1_000)
    expect([await stateOf('done'), await stateOf('running')]).toEqual(['fresh', 'fresh'])
  })

  it('expire in time, even after one with a longer lifetime', async () => {
    const { replies, clock, stateOf } = make()
    for (const [key, keepMs] of [
      ['long', 10_000],
      ['short', 1_000],
    ] as const) {
      await replies.begin(key, 'd')
      await replies.finish(key, key, keepMs)
    }
    await clock.advance(1_000)
    expect([await stateOf('long'), await stateOf('short')]).toEqual(['answered', 'fresh'])
  })

  it('are dropped without a further call, by a timer in the background', async () => {
    const { clock, remember } = make()
    await remember('k')
    expect([clock.timers, clock.backgroundTimers]).toEqual([0, 1])
    await clock.advance(60_000)
    expect(clock.backgroundTimers).toBe(0)
  })
})
