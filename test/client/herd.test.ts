import { describe, expect, it } from 'vitest'
import { defaultWaits, simulateHerd } from './herd-simulation.ts'

describe('a million clients, three in ten with a request, and 20,000 admissions a second', () => {
  const million = { clients: 1_000_000, perSecond: 20_000 }
  // `test/peers/client` has the longest outage, with 50 attempts of each client.
  for (const [crowd, peak] of [
    [{ ...million, backAt: 0 }, 85],
    [{ ...million, backAt: 30_000 }, 9],
  ] as const) {
    it(`reconnect efficiently to a server that was away for ${crowd.backAt / 1_000} s`, () => {
      const found = simulateHerd(crowd, defaultWaits(crowd))
      expect(found.times).toBeLessThanOrEqual(1.06)
      expect(found.peak).toBeLessThanOrEqual(peak)
    }, 120_000)
  }
})
