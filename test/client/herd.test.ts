import { describe, expect, it } from 'vitest'
import { defaultWaits, simulateHerd } from './herd-simulation.ts'

describe('a million clients, three in ten with a request, and 20,000 admissions a second', () => {
  const million = { clients: 1_000_000, perSecond: 20_000 }
  // In proportion to the above, since each client tries 50 times before the server is back.
  const fewer = { clients: 300_000, perSecond: 6_000 }
  for (const [crowd, peak] of [
    [{ ...million, backAt: 0 }, 85],
    [{ ...million, backAt: 30_000 }, 9],
    [{ ...fewer, backAt: 300_000 }, 9],
  ] as const) {
    it(`reconnect efficiently to a server that was away for ${crowd.backAt / 1_000} s`, () => {
      const found = simulateHerd(crowd, defaultWaits(crowd))
      expect(found.times).toBeLessThanOrEqual(1.06)
      expect(found.peak).toBeLessThanOrEqual(peak)
    }, 120_000)
  }
})
