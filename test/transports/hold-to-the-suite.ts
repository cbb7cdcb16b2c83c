import { describe, expect, it } from 'vitest'
import type { MakeTransport, SuiteCase } from 'wirefold/testing'
import { transportSuite } from 'wirefold/testing'

/**
 * Runs the suite on a transport; `run` runs one case.
 *
 * Cases that a platform cannot pass are excused by reason and name. They are printed, and must fail,
 * so that an unnecessary excuse is an error, too.
 */
export function holdToTheSuite(
  subject: string,
  run: (suiteCase: SuiteCase<MakeTransport>) => Promise<void>,
  excuses: Readonly<Record<string, readonly string[]>> = {},
): void {
  const reasons = new Map(
    Object.entries(excuses).flatMap(([reason, names]) => names.map((name) => [name, reason])),
  )
  describe.concurrent(subject, () => {
    for (const suiteCase of transportSuite) {
      const reason = reasons.get(suiteCase.name)
      if (!reason) it(suiteCase.name, () => run(suiteCase))
      else {
        it(`is excused (${reason}): ${suiteCase.name}`, async () => {
          await expect(run(suiteCase)).rejects.toThrow()
        })
      }
    }

    it('is excused only from cases of the suite', () => {
      const lines = [...reasons].map(([name, reason]) => `  ${name} (${reason})`)
      if (lines.length > 0) console.info(`${subject} is excused:\n${lines.join('\n')}`)
      const names = transportSuite.map(({ name }) => name)
      expect([...reasons.keys()].filter((name) => !names.includes(name))).toEqual([])
    })
  })
}

/** Returns a function that runs cases on the transports of `make`. */
export function over(make: MakeTransport): (suiteCase: SuiteCase<MakeTransport>) => Promise<void> {
  return ({ run }) => run(make)
}
