import { describe, expect, it } from 'vitest'
import type { DialectFactory } from 'wirefold/dialects'
import type { RequestHandler } from 'wirefold/server'
import {
  criesGap,
  deniesGaps,
  dropsChannel,
  forgetfulBroker,
  forgetsDeadlines,
  forgetsPositions,
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
  /** Faults that the verdict must report. */
  readonly finds: readonly string[]
  readonly broken: Omit<RunOptions, 'over'>
}

const dialect = (dialect: DialectFactory) => ({ client: () => ({ dialect }) })
const tampered = (tamper: (handler: RequestHandler) => RequestHandler) => ({ tamper })

const proofs: readonly Proof[] = [
  {
    what: 'a client that subscribes without its position',
    scenario: 'rst',
    finds: ['lost', 'silent'],
    broken: dialect(forgetsPositions),
  },
  {
    what: 'a client that drops every 50th event',
    scenario: 'control',
    finds: ['lost', 'silent'],
    broken: dialect(losesEvents),
  },
  {
    what: 'a client that delivers every 50th event twice',
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
    what: 'a client that drops the events of one channel',
    scenario: 'control',
    finds: ['dead', 'silent'],
    broken: dialect(dropsChannel),
  },
  {
    what: 'a client that hides a new epoch',
    scenario: 'restart',
    finds: ['silent', 'unreportedLosses'],
    broken: dialect(deniesGaps),
  },
  {
    what: 'a client that reports a gap without a cause',
    scenario: 'rst',
    finds: ['unexplainedGaps'],
    broken: dialect(criesGap),
  },
  {
    what: 'a client that repeats requests with another id',
    scenario: 'mute',
    finds: ['appliedTwice'],
    broken: dialect(renamesRequests()),
  },
  {
    what: 'a client that drops every 10th reply',
    scenario: 'control',
    finds: ['failedButApplied'],
    broken: dialect(losesAnswers),
  },
  {
    what: 'a client whose requests never time out',
    scenario: 'control',
    finds: ['pending'],
    broken: { client: (clock) => ({ dialect: losesAnswers, clock: forgetsDeadlines(clock) }) },
  },
  {
    what: 'a server that does not store replies',
    scenario: 'mute',
    finds: ['appliedTwice'],
    broken: { makeBroker: forgetfulBroker },
  },
  {
    what: 'a server that replies without carrying out the request',
    scenario: 'control',
    finds: ['doneNotApplied'],
    broken: tampered(() => () => 'done'),
  },
  {
    what: 'a server that carries out the request and replies with an error',
    scenario: 'control',
    finds: ['failedButApplied'],
    broken: tampered((handler) => async (...args) => {
      await handler(...args)
      throw new Error('no')
    }),
  },
  {
    what: 'a server that never replies',
    scenario: 'control',
    finds: ['failedButApplied'],
    broken: tampered((handler) => async (...args) => {
      await handler(...args)
      await new Promise(() => {})
    }),
  },
]

describe('the suite detects', () => {
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

  it('an unhandled rejection', async () => {
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    const uncaught = new Uncaught()
    void Promise.reject(new Error('unhandled'))
    const count = await uncaught.stop()
    for (const listener of others) process.on('unhandledRejection', listener)
    expect(count).toBe(1)
  })
})
