import { describe, it } from 'vitest'
import { complaintOf } from './figures.ts'
import { run } from './run.ts'
import { scenarioOf, scenarios } from './scenarios.ts'

/** Factor by which the clock is faster than real time. */
const TIMES = 20
/** Scenarios that run elsewhere, or are too large or too long for real time. */
const OTHERS = ['mixed', 'storm', 'deploy', 'drain', 'trimmed']

/** Twenty runs: every kind of fault alone, and mixes of them. */
const plan = [
  ...scenarios
    .filter(({ name }) => !OTHERS.includes(name))
    .map((scenario) => ({ scenario, seed: 1 })),
  ...[101, 102, 103, 104, 105, 106].map((seed) => ({ scenario: scenarioOf('mixed'), seed })),
]

// Times are not checked here, since delays of a busy machine are multiplied by twenty.
describe.concurrent('over TCP', () => {
  for (const { scenario, seed } of plan) {
    it(`${scenario.name}, seed ${seed} › ${scenario.promise}`, async ({ expect }) => {
      expect(complaintOf(await run(scenario, seed, { over: { tcp: TIMES } }))).toBe('')
    }, 600_000)
  }
})
