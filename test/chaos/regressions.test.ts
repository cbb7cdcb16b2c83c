import { describe, expect, it } from 'vitest'
import { complaintOf } from './figures.ts'
import type { RunOptions } from './run.ts'
import { run } from './run.ts'
import { scenarioOf } from './scenarios.ts'

/** A seed that once failed; its name describes the correct behaviour. */
interface Regression {
  readonly name: string
  readonly scenario: string
  readonly seed: number
  readonly over: RunOptions['over']
}

const regressions: readonly Regression[] = [
  {
    name: 'requests that a stalled connection delivers after they were repeated are not carried out again',
    ...{ scenario: 'mute', seed: 7, over: 'memory' },
  },
  {
    name: 'requests carried out before the server lost its memory are not carried out after it',
    ...{ scenario: 'mixed', seed: 14, over: 'memory' },
  },
]

/**
 * Any seed, from the environment: `CHAOS=mixed:17` in virtual time, `CHAOS=mixed:17:20` over TCP, 20
 * times faster than real time.
 */
function named(replay: string): Regression {
  const [scenario = '', seed = '1', times] = replay.split(':')
  const over = times === undefined ? 'memory' : { tcp: Number(times) }
  return { name: `the replay of ${replay}`, scenario, seed: Number(seed), over }
}

describe('former failures stay fixed', () => {
  const { CHAOS } = process.env
  for (const { name, scenario, seed, over } of CHAOS ? [named(CHAOS)] : regressions) {
    it(name, async () => {
      const outcome = await run(scenarioOf(scenario), seed, { over })
      if (CHAOS) console.log(outcome)
      expect(complaintOf(outcome)).toBe('')
    }, 600_000)
  }
})
