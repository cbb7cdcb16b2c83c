import { describe, expect, it } from 'vitest'
import { fuzz } from './fuzz-run.ts'

/** `FUZZ_FRAMES=1000000` runs the long form; another `FUZZ_SEED` generates other frames. */
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 50_000)
const SEED = Number(process.env.FUZZ_SEED ?? 1)
const LONGEST_MS = 1_800_000
const MOST_GROWN_BYTES = 4_000_000

describe('a client', () => {
  it(
    `survives ${FRAMES} malformed frames without growing memory`,
    async () => {
      const { frames, errors, events, grown } = await fuzz(FRAMES, SEED)
      if (process.env.FUZZ_FRAMES) console.log({ seed: SEED, frames, events, errors, grown })
      // Otherwise the frames were not malformed, or none was accepted.
      expect(errors.get('bad-frame')).toBeGreaterThan(FRAMES / 10)
      expect(errors.get('(refusal)')).toBeGreaterThan(0)
      expect(events).toBeGreaterThan(FRAMES / 100)
      expect(grown).toBeLessThan(MOST_GROWN_BYTES)
    },
    LONGEST_MS,
  )
})
