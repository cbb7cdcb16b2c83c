import { describe, expect, it } from 'vitest'
import { SignsOfLife } from '../../../src/server/redis/signs-of-life.ts'

/** Observes `a` at these times; its sign is that of the same place. Returns whether it is stalled. */
function stalled(times: readonly number[], signs: readonly string[]): boolean {
  const life = new SignsOfLife()
  for (const [n, time] of times.entries()) life.observe(new Map([['a', signs[n] ?? '']]), time)
  return life.stalledAt('a') !== undefined
}

/** Times of regular observations. */
const regular = (from: number, to: number) =>
  Array.from({ length: (to - from) / 200 + 1 }, (_, n) => from + n * 200)

const same = (times: readonly number[]) => times.map(() => '1')

describe('an owner', () => {
  it('is stalled after 1.5 s of regular observations without a new sign', () => {
    expect(stalled(regular(0, 1_400), same(regular(0, 1_400)))).toBe(false)
    expect(stalled(regular(0, 1_600), same(regular(0, 1_600)))).toBe(true)
  })

  it('lives while its signs differ', () => {
    const times = regular(0, 10_000)
    expect(stalled(times, times.map(String))).toBe(false)
  })

  it('is not stalled by the time in which nothing was observed', () => {
    const blocked = [...regular(0, 1_000), ...regular(4_000, 4_400)]
    expect(stalled(blocked, same(blocked))).toBe(false)
    const longer = [...regular(0, 1_000), ...regular(4_000, 4_600)]
    expect(stalled(longer, same(longer))).toBe(true)
  })

  it('has three seconds more to reconnect after a long pause', () => {
    const away = [...regular(0, 200), ...regular(10_200, 14_400)]
    expect(stalled(away, same(away))).toBe(false)
    const longer = [...regular(0, 200), ...regular(10_200, 14_600)]
    expect(stalled(longer, same(longer))).toBe(true)
  })

  it('that was never seen is not stalled, and not there', () => {
    const life = new SignsOfLife()
    life.observe(new Map([['a', '1']]), 0)
    expect([life.has('a'), life.has('b'), life.stalledAt('b')]).toEqual([true, false, undefined])
  })
})
