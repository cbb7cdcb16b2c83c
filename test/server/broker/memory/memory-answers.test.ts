import { describe, expect, it } from 'vitest'
import { ManualClock } from 'wirefold/testing'
import { MemoryAnswers } from '../../../../src/server/broker/memory/memory-answers.ts'

function make() {
  const clock = new ManualClock()
  const answers = new MemoryAnswers(clock)
  const remember = async (key: string, answer = key) => {
    await answers.begin(key, 'd')
    await answers.settle(key, answer, 1_000)
  }
  const stateOf = async (key: string) => (await answers.begin(key, 'd')).state
  return { clock, answers, remember, stateOf }
}

describe('replies in memory', () => {
  it('are left to the first caller; the others wait for it', async () => {
    const { answers } = make()
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => answers.begin('k', 'd')))
    expect([first?.state, second?.state, third?.state]).toEqual(['fresh', 'started', 'started'])
    await answers.settle('k', 'yes', 1_000)
    for (const begun of [second, third]) {
      expect(begun?.state === 'started' && (await begun.record)).toBe('yes')
    }
    expect(await answers.begin('k', 'd')).toEqual({ state: 'answered', record: 'yes' })
  })

  it('have a reach', async () => {
    const { answers, clock, remember } = make()
    expect(answers.reachMs).toBe(0)
    await clock.advance(5_000)
    expect(answers.reachMs).toBe(5_000)
    await remember('small')
    await clock.advance(100)
    await remember('large', 'x'.repeat(64 * 1024 * 1024))
    // An evicted result limits the reach.
    expect(answers.reachMs).toBe(100)
  })

  it('are a conflict for another digest under the same key', async () => {
    const { answers, remember } = make()
    await answers.begin('running', 'd')
    await remember('done')
    for (const key of ['running', 'done']) {
      expect(await answers.begin(key, 'another')).toEqual({ state: 'conflict' })
    }
  })

  it('are stored for their lifetime', async () => {
    const { answers, clock, remember, stateOf } = make()
    await remember('k')
    await clock.advance(999)
    expect(await stateOf('k')).toBe('answered')
    await clock.advance(1)
    expect(await stateOf('k')).toBe('fresh')
    const waiting = await answers.begin('k', 'd')
    await answers.settle('k', 'busy', 0)
    expect(waiting.state === 'started' && (await waiting.record)).toBe('busy')
    expect(await stateOf('k')).toBe('fresh')
  })

  it('are at most 100,000: the oldest are evicted first, running requests never', async () => {
    const { answers, remember, stateOf } = make()
    await answers.begin('running', 'd')
    for (let n = 0; n < 100_002; n++) await remember(`${n}`)
    expect(await stateOf('running')).toBe('started')
    expect(await stateOf('2')).toBe('answered')
    expect(await stateOf('1')).toBe('fresh')
  })

  it('have at most 64 Mi characters', async () => {
    const { remember, stateOf } = make()
    const large = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 65; n++) await remember(`${n}`, large)
    expect([await stateOf('0'), await stateOf('1')]).toEqual(['fresh', 'answered'])
    for (let n = 0; n < 100; n++) await remember(`small ${n}`)
    // The first of these replaced one, and there was room for the others.
    expect([await stateOf('1'), await stateOf('2')]).toEqual(['fresh', 'answered'])
  })

  it('are lost for waiting lookups when cleared', async () => {
    const { answers, remember, stateOf } = make()
    await remember('done')
    await answers.begin('running', 'd')
    const waiting = await answers.begin('running', 'd')
    answers.clear()
    expect(waiting.state === 'started' && (await waiting.record)).toBe(undefined)
    await answers.settle('running', 'late', 1_000)
    expect([await stateOf('done'), await stateOf('running')]).toEqual(['fresh', 'fresh'])
  })

  it('use no timers', async () => {
    const { clock, remember } = make()
    await remember('k')
    expect(clock.timers).toBe(0)
  })
})
