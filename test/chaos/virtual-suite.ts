import { describe, expect, it } from 'vitest'
import { complaintOf, figuresOf, missesOf } from './figures.ts'
import { run } from './run.ts'
import { scenarioOf, scenarios } from './scenarios.ts'

/** Number of seeds per scenario: 200 in all, and more where random variation is measured. */
const SEEDS: Readonly<Record<string, number>> = {
  ...{ rst: 6, fin: 6, corrupt: 6, refuse: 12, storm: 3, deploy: 5, drain: 3 },
  mixed: 115,
}

describe('in virtual time', () => {
  for (const scenario of scenarios) {
    it(`${scenario.name} › ${scenario.promise}`, async () => {
      const outcomes = []
      for (let seed = 1; seed <= (SEEDS[scenario.name] ?? 4); seed++) {
        outcomes.push(await run(scenario, seed, { over: 'memory' }))
      }
      expect.soft(outcomes.map(complaintOf).filter(Boolean).join('\n\n')).toBe('')
      expect.soft(missesOf(scenario, figuresOf(outcomes))).toEqual([])
    }, 600_000)
  }

  it('a client grows by no more than 1 MB during all faults', async () => {
    const mixed = scenarioOf('mixed')
    await run(mixed, 1, { over: 'memory' })
    for (const seed of [2, 3, 4]) {
      const { heapBytes } = await run(mixed, seed, { over: 'memory', measuresHeap: true })
      expect(heapBytes).toBeLessThan(1_000_000)
    }
  }, 600_000)
})
