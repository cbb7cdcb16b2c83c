import { describe, expect, it } from 'vitest'
import type { MakeTransport, SuiteCase } from 'wirefold/testing'
import { transportSuite } from 'wirefold/testing'

/**
 * Holds a transport to the suite; `run` runs one case of it.
 *
 * What its platform cannot do is excused by reason and by the names of the cases. It is printed, and
 * has to fail: an excuse that nobody needs any more is an error too.
 */
export function holdToTheSuite(
  subject: string,
  run: (asked: SuiteCase<MakeTransport>) => Promise<void>,
  excuses: Readonly<Record<string, readonly string[]>> = {},
): void {
  const reasons = new Map(
    Object.entries(excuses).flatMap(([reason, names]) => names.map((name) => [name, reason])),
  )
  describe.concurrent(subject, () => {
    for (const asked of transportSuite) {
      const reason = reasons.get(asked.name)
      if (!reason) it(asked.name, () => run(asked))
      else {
        it(`is excused (${reason}): ${asked.name}`, async () => {
          await expect(run(asked)).rejects.toThrow()
        })
      }
    }

    it('is excused only from what the suite asks', () => {
      const lines = [...reasons].map(([name, reason]) => `  ${name} (${reason})`)
      if (lines.length > 0) console.info(`${subject} is excused:\n${lines.join('\n')}`)
      const names = transportSuite.map(({ name }) => name)
      expect([...reasons.keys()].filter((name) => !names.includes(name))).toEqual([])
    })
  })
}

/** Runs cases over transports that `make` makes. */
export function over(make: MakeTransport): (asked: SuiteCase<MakeTransport>) => Promise<void> {
  return ({ run }) => run(make)
}
