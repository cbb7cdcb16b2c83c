import { describe, expect, it } from 'vitest'
import type { DialectFactory } from 'wirefold/dialects'
import type { RequestHandler } from 'wirefold/server'
import {
  criesGap,
  deniesGaps,
  forgetfulBroker,
  forgetsDeadlines,
  forgetsPositions,
  hearsNothingRare,
  losesAnswers,
  losesEvents,
  renamesRequests,
  repeatsEvents,
  swapsEvents,
} from './broken-parts.ts'
import { complaintOf } from './figures.ts'
import type { RunOptions } from './run.ts'
import { run } from './run.ts'
import { scenarioOf } from './scenarios.ts'
import { Uncaught } from './uncaught.ts'

interface Proof {
  readonly what: string
  readonly scenario: string
  /** The faults that are to be found. */
  readonly finds: readonly string[]
  readonly broken: Omit<RunOptions, 'over'>
}

const dialect = (dialect: DialectFactory) => ({ client: () => ({ dialect }) })
const tampered = (tamper: (handler: RequestHandler) => RequestHandler) => ({ tamper })

const proofs: readonly Proof[] = [
  {
    what: 'a client that does not say where it was',
    scenario: 'rst',
    finds: ['lost', 'silent'],
    broken: dialect(forgetsPositions),
  },
  {
    what: 'a client that loses every 50th event',
    scenario: 'control',
    finds: ['lost', 'silent'],
    broken: dialect(losesEvents),
  },
  {
    what: 'a client that gives every 50th event twice',
    scenario: 'control',
    finds: ['duplicated'],
    broken: dialect(repeatsEvents),
  },
  {
    what: 'a client that swaps events',
    scenario: 'control',
    finds: ['disordered'],
    broken: dialect(swapsEvents),
  },
  {
    what: 'a client that is deaf on one channel',
    scenario: 'control',
    finds: ['dead', 'silent'],
    broken: dialect(hearsNothingRare),
  },
  {
    what: 'a client that hides that the history is another',
    scenario: 'restart',
    finds: ['silent', 'untoldLosses'],
    broken: dialect(deniesGaps),
  },
  {
    what: 'a client that cries gap for nothing',
    scenario: 'rst',
    finds: ['unexplainedGaps'],
    broken: dialect(criesGap),
  },
  {
    what: 'a client that asks again under another id',
    scenario: 'mute',
    finds: ['appliedTwice'],
    broken: dialect(renamesRequests()),
  },
  {
    what: 'a client that does not hear every 10th answer',
    scenario: 'control',
    finds: ['failedButApplied'],
    broken: dialect(losesAnswers),
  },
  {
    what: 'a client whose requests may wait for ever',
    scenario: 'control',
    finds: ['pending'],
    broken: { client: (clock) => ({ dialect: losesAnswers, clock: forgetsDeadlines(clock) }) },
  },
  {
    what: 'a server that remembers no answers',
    scenario: 'mute',
    finds: ['appliedTwice'],
    broken: { makeBroker: forgetfulBroker },
  },
  {
    what: 'a server that says yes and does nothing',
    scenario: 'control',
    finds: ['doneNotApplied'],
    broken: tampered(() => () => 'done'),
  },
  {
    what: 'a server that does it and says no',
    scenario: 'control',
    finds: ['failedButApplied'],
    broken: tampered((handler) => async (...asked) => {
      await handler(...asked)
      throw new Error('no')
    }),
  },
  {
    what: 'a server that never answers',
    scenario: 'control',
    finds: ['failedButApplied'],
    broken: tampered((handler) => async (...asked) => {
      await handler(...asked)
      await new Promise(() => {})
    }),
  },
]

describe('the suite finds', () => {
  for (const { what, scenario, finds, broken } of proofs) {
    it(what, async () => {
      const sound = await run(scenarioOf(scenario), 7, { over: 'memory' })
      const outcome = await run(scenarioOf(scenario), 7, { over: 'memory', ...broken })
      for (const name of finds) {
        expect(outcome.faults[name], name).toBeGreaterThan(0)
        expect(sound.faults[name], `${name} with nothing broken`).toBe(0)
      }
      expect(complaintOf(outcome)).toContain(`${scenario}, seed 7: `)
    }, 600_000)
  }

  it('what nobody catches', async () => {
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    const uncaught = new Uncaught()
    void Promise.reject(new Error('nobody'))
    const count = await uncaught.stop()
    for (const listener of others) process.on('unhandledRejection', listener)
    expect(count).toBe(1)
  })
})
