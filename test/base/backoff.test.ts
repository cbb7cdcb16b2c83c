import { fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { BackoffOptions } from 'wirefold'
import { backoffDefaults } from 'wirefold'
import { backoffDelay } from '../../src/base/backoff.ts'

describe('backoffDelay', () => {
  it('is at most 900 ms at first, then grows by half up to 12 s', () => {
    const longest = [0, 1, 2, 6, 7, 50].map((n) => backoffDelay(n, backoffDefaults, 1))
    const grown = [2, 6].map((n) => 900 + 900 * 1.45 ** n)
    expect(longest).toEqual([900, 1_350, ...grown, 12_000, 12_000])
    expect(backoffDelay(1_000_000, backoffDefaults, 0.5)).toBe(6_450)
  })

  it('is at least 0 at first, and later at least the first maximum', () => {
    const shortest = [0, 1, 2, 6, 7, 50].map((n) => backoffDelay(n, backoffDefaults, 0))
    expect(shortest).toEqual([0, 900, 900, 900, 900, 900])
  })

  it('stays random if it does not grow, or is limited to the first maximum', () => {
    const range = (options: BackoffOptions) => [0, 1].map((r) => backoffDelay(5, options, r))
    expect(range({ ...backoffDefaults, factor: 1 })).toEqual([900, 1_800])
    expect(range({ ...backoffDefaults, maxMs: 900 })).toEqual([600, 900])
  })

  it('is a finite number of milliseconds for all options', () => {
    const number = fc.oneof(fc.constantFrom(0, 1, Number.POSITIVE_INFINITY), fc.nat(100_000))
    fc.assert(
      fc.property(
        fc.record({
          minMs: fc.nat(60_000),
          initialMs: fc.nat(60_000),
          factor: fc.double({ min: 0, max: 10, noNaN: true }),
          maxMs: number,
          jitter: fc.constantFrom('full', 'equal', 'none'),
          maxRetries: number,
        }),
        fc.nat(2_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (options, attempt, random) => {
          const ms = backoffDelay(attempt, options, random)
          expect(Number.isFinite(ms)).toBe(true)
          expect(ms).toBeGreaterThanOrEqual(options.minMs)
          expect(ms).toBeLessThanOrEqual(options.minMs + options.maxMs)
        },
      ),
    )
    expect(backoffDelay(10_000, { ...backoffDefaults, initialMs: 0 }, 0.5)).toBe(0)
  })

  it('keeps half of the delay with equal jitter, and all of it without jitter', () => {
    const options = { ...backoffDefaults, minMs: 0, initialMs: 1_000, factor: 2, maxMs: 30_000 }
    expect(backoffDelay(2, { ...options, jitter: 'equal' }, 0)).toBe(2_000)
    expect(backoffDelay(2, { ...options, jitter: 'equal' }, 1)).toBe(4_000)
    const delays = [0, 1, 2, 3, 4, 5].map((n) => backoffDelay(n, { ...options, jitter: 'none' }, 0))
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
  })
})
