import { describe, it } from 'vitest'
import { complaintOf } from './figures.ts'
import { run } from './run.ts'
import { scenarioOf, scenarios } from './scenarios.ts'

/** So many times faster than real time. */
const TIMES = 20
/** Those that have their own line, or are too much or too long for real time. */
const OTHERS = ['mixed', 'storm', 'deploy', 'drain', 'trimmed']

/** Twenty in all: every kind of fault by itself, and mixes of them. */
const plan = [
  ...scenarios
    .filter(({ name }) => !OTHERS.includes(name))
    .map((scenario) => ({ scenario, seed: 1 })),
  ...[101, 102, 103, 104, 105, 106].map((seed) => ({ scenario: scenarioOf('mixed'), seed })),
]

// Times are not judged here: where a machine is busy for a moment, that is twenty moments.
describe.concurrent('over TCP', () => {
  for (const { scenario, seed } of plan) {
    it(`${scenario.name}, seed ${seed} › ${scenario.promise}`, async ({ expect }) => {
      expect(complaintOf(await run(scenario, seed, { over: { tcp: TIMES } }))).toBe('')
    }, 600_000)
  }
})
