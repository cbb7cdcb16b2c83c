import { describe, expect, it } from 'vitest'
import { backoffDefaults } from 'wirefold'
import { backoffDelay } from '../../src/base/backoff.ts'

describe('backoffDelay', () => {
  it('is 50 ms and a random share of 900 ms, growing by half up to 12 s', () => {
    const widest = [0, 1, 2, 6, 7, 50].map((n) => backoffDelay(n, backoffDefaults, 1))
    expect(widest).toEqual([950, 1_400, 2_075, 50 + 900 * 1.5 ** 6, 12_050, 12_050])
    expect(backoffDelay(0, backoffDefaults, 0)).toBe(50)
    expect(backoffDelay(1_000_000, backoffDefaults, 0.5)).toBe(6_050)
  })

  it('keeps half of the wait with equal jitter, all of it without', () => {
    const options = { ...backoffDefaults, minMs: 0, initialMs: 1_000, factor: 2, maxMs: 30_000 }
    expect(backoffDelay(2, { ...options, jitter: 'equal' }, 0)).toBe(2_000)
    expect(backoffDelay(2, { ...options, jitter: 'equal' }, 1)).toBe(4_000)
    const delays = [0, 1, 2, 3, 4, 5].map((n) => backoffDelay(n, { ...options, jitter: 'none' }, 0))
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
  })
})
