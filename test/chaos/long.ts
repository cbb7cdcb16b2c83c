import type { ExpectStatic } from 'vitest'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { measureDelays } from './delays.ts'
import { complaintOf, figuresOf, missesOf, quantile, show, targetNames } from './figures.ts'
import type { Outcome } from './run.ts'
import { run } from './run.ts'
import type { Scenario } from './scenarios.ts'
import { scenarioOf, scenarios } from './scenarios.ts'
import { total } from './verdict.ts'

const REAL_TIME = { over: { tcp: 'real time' } } as const
const MIXED_SEEDS = 100
/** Scenarios that run one after the other, since their many clients would disturb each other. */
const CROWDS = ['storm', 'deploy', 'drain']
/** Number of seeds of every other scenario. */
const ROW_SEEDS = 5
/** Limits of an idle client: heap growth in bytes, and p99 latency above a plain socket's, in milliseconds. */
const [CONTROL_BYTES, CONTROL_P99_MS] = [500_000, 2]

interface Row {
  readonly row: string
  readonly figure: string
  readonly target: string
  readonly verdict: string
}

const table: Row[] = []
const note = (row: string, figure: string, target: string, held: boolean): void => {
  table.push({ row, figure, target, verdict: held ? 'ok' : 'MISSED' })
}

/** Adds the rows of a scenario to the table, and fails if a target is missed. */
function hold(scenario: Scenario, outcomes: readonly Outcome[], expect: ExpectStatic): void {
  const { name, targets } = scenario
  const figures = figuresOf(outcomes)
  const misses = missesOf(scenario, figures)
  const complaints = outcomes.map(complaintOf).filter(Boolean)
  const { faults, counts } = total(outcomes)
  const found = Object.entries({ ...faults, ...counts }).filter(([, count]) => count > 0)
  const all = found.map(([what, count]) => `${what} ${count}`).join(', ')
  note(name, all, `${outcomes.length} runs without fault`, complaints.length === 0)
  for (const target of targetNames) {
    const [most, figure] = [targets[target], figures[target]]
    if (figure === undefined) continue
    const held = !misses.some((miss) => miss.startsWith(target))
    if (most !== undefined) note(name, `${target} ${show(figure)}`, `<= ${most}`, held)
  }
  expect.soft(complaints.join('\n\n')).toBe('')
  expect.soft(misses).toEqual([])
}

function playAll(scenario: Scenario, seeds: number): Promise<readonly Outcome[]> {
  return Promise.all(
    Array.from({ length: seeds }, (_, index) => run(scenario, index + 1, REAL_TIME)),
  )
}

// Many concurrent runs listen for uncaught errors.
beforeAll(() => {
  process.setMaxListeners(0)
})

afterAll(() => {
  console.table(table)
})

describe('an idle client', () => {
  it('adds no more than 2 ms to the p99 latency of a plain socket', async ({ expect }) => {
    const { client, raw } = await measureDelays()
    const [ours, theirs] = [quantile(client, 0.99) ?? 0, quantile(raw, 0.99) ?? 0]
    const figure = `p99 ${show(ours)} ms, bare ws ${show(theirs)} ms`
    note('control', figure, `<= bare + ${CONTROL_P99_MS} ms`, ours <= theirs + CONTROL_P99_MS)
    expect(client.length).toBe(raw.length)
    expect(ours).toBeLessThanOrEqual(theirs + CONTROL_P99_MS)
  })

  it('loses nothing, and grows by less than half a megabyte', async ({ expect }) => {
    const control = scenarioOf('control')
    const outcome = await run(control, 1, { ...REAL_TIME, measuresHeap: true })
    const bytes = outcome.heapBytes ?? Number.NaN
    note('control', `heap + ${show(bytes / 1_000)} kB`, '< 500 kB', bytes < CONTROL_BYTES)
    hold(control, [outcome], expect)
    expect(bytes).toBeLessThan(CONTROL_BYTES)
  })
})

describe.concurrent('every fault alone', () => {
  // `trimmed` takes five minutes, so it only runs in virtual time.
  const others = ['control', 'mixed', 'trimmed', ...CROWDS]
  for (const scenario of scenarios.filter(({ name }) => !others.includes(name))) {
    it(`${scenario.name} › ${scenario.promise}`, async ({ expect }) => {
      hold(scenario, await playAll(scenario, ROW_SEEDS), expect)
    })
  }
})

describe('many clients at once', () => {
  for (const name of CROWDS) {
    const scenario = scenarioOf(name)
    it(`${name} › ${scenario.promise}`, async ({ expect }) => {
      hold(scenario, await playAll(scenario, ROW_SEEDS), expect)
    })
  }
})

describe('all faults mixed', () => {
  const outcomes: Outcome[] = []

  describe.concurrent('each', () => {
    for (let seed = 1; seed <= MIXED_SEEDS; seed++) {
      it(`seed ${seed}`, async ({ expect }) => {
        const outcome = await run(scenarioOf('mixed'), seed, REAL_TIME)
        outcomes.push(outcome)
        expect(complaintOf(outcome)).toBe('')
      })
    }
  })

  it('all together meet the targets', ({ expect }) => {
    hold(scenarioOf('mixed'), outcomes, expect)
  })
})
