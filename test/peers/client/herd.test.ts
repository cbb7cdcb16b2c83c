import { expect, it } from 'vitest'
import { defaultWaits, simulateHerd } from '../../client/herd-simulation.ts'

it('300,000 clients reconnect efficiently to a server that was away for 300 s', () => {
  // Each client tries 50 times before the server is back.
  const crowd = { clients: 300_000, perSecond: 6_000, backAt: 300_000 }
  const found = simulateHerd(crowd, defaultWaits(crowd))
  expect(found.times).toBeLessThanOrEqual(1.06)
  expect(found.peak).toBeLessThanOrEqual(9)
}, 120_000)
