import type { ManualClock } from '../manual-clock.ts'
import type { MemoryPair } from './memory-pair.ts'
import { seeded } from './random.ts'

/** Bounds of the wait before a fault, and of its duration, in milliseconds. */
const WAIT_MS = [200, 4_000] as const
const LASTS_MS = [100, 8_000] as const

/**
 * Plays random faults on the connections of a pair, while the time passes: cut connections, data that
 * arrives after the client has reconnected, half-open connections, directions in which nothing
 * arrives, and refused connections. In the end all faults are over; connections that are half-open then
 * are cut. The seed of the pair determines the faults. What a client does also depends on its own option
 * `random`.
 *
 * @returns the faults, each as one line with its time
 */
export async function storm(
  pair: MemoryPair,
  clock: ManualClock,
  ms: number,
): Promise<readonly string[]> {
  // Not the generator of the pair, whose numbers depend on what the client sends.
  const random = seeded(pair.seed)
  const between = ([least, most]: readonly [number, number]): number =>
    least + random.below(most - least + 1)
  const lines: string[] = []
  const start = clock.now()
  const end = start + ms
  /** Number of faults that refuse connections now. */
  let refusals = 0
  const faults: readonly ((lasts: number) => string)[] = [
    () => {
      pair.cut()
      return 'cut'
    },
    (lasts) => {
      pair.cut({ lateMs: lasts })
      return `cut, with data that arrives ${lasts} ms late`
    },
    () => {
      pair.halfOpen()
      return 'half-open'
    },
    (lasts) => {
      const way = random.pick(['to-client', 'to-server', 'both'] as const)
      clock.after(lasts, pair.hold(way, true))
      return `nothing arrives ${way === 'both' ? 'in either direction' : way} for ${lasts} ms`
    },
    (lasts) => {
      refusals++
      pair.refusing = true
      pair.cut()
      clock.after(lasts, () => {
        pair.refusing = --refusals > 0
      })
      return `cut, and connections refused for ${lasts} ms`
    },
  ]

  for (;;) {
    const wait = between(WAIT_MS)
    await clock.advance(Math.min(wait, end - clock.now()))
    if (clock.now() >= end) break
    const fault = random.pick(faults)
    const line = fault(Math.min(between(LASTS_MS), end - clock.now()))
    lines.push(`${clock.now() - start} ms: ${line}`)
  }
  for (const far of pair.ends) if (far.frozen && !far.closed) far.cut()
  return lines
}
