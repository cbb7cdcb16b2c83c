import { describe, expect, it } from 'vitest'
import { complaintOf, figuresOf, missesOf } from './figures.ts'
import { run } from './run.ts'
import { scenarios } from './scenarios.ts'

/** Declares a test per scenario, in virtual time. */
export function virtualSuite(seedsOf: (scenario: string) => number): void {
  describe('in virtual time', () => {
    for (const scenario of scenarios) {
      it(`${scenario.name} › ${scenario.promise}`, async () => {
        const outcomes = []
        for (let seed = 1; seed <= seedsOf(scenario.name); seed++) {
          outcomes.push(await run(scenario, seed, { over: 'memory' }))
        }
        expect.soft(outcomes.map(complaintOf).filter(Boolean).join('\n\n')).toBe('')
        expect.soft(missesOf(scenario, figuresOf(outcomes))).toEqual([])
      }, 600_000)
    }
  })
}
