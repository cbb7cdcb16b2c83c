import { expect, it } from 'vitest'
import { run } from '../../chaos/run.ts'
import { scenarioOf } from '../../chaos/scenarios.ts'
import { virtualSuite } from '../../chaos/virtual-suite.ts'

/** Number of seeds per scenario: 200 in all, and more where random variation is measured. */
const SEEDS: Readonly<Record<string, number>> = {
  ...{ rst: 6, fin: 6, corrupt: 6, refuse: 12, storm: 3, deploy: 5, drain: 3 },
  mixed: 115,
}

virtualSuite((scenario) => SEEDS[scenario] ?? 4)

it('a client grows by no more than 1 MB during all faults', async () => {
  const mixed = scenarioOf('mixed')
  await run(mixed, 1, { over: 'memory' })
  for (const seed of [2, 3, 4]) {
    const { heapBytes } = await run(mixed, seed, { over: 'memory', measuresHeap: true })
    expect(heapBytes).toBeLessThan(1_000_000)
  }
}, 600_000)
