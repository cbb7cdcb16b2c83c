import { isWirefoldError } from 'wirefold'
import { goodFrames } from './good-frames.ts'
import { heapBytes } from './heap.ts'
import { Mutator } from './mutator.ts'
import { expectNoProto } from './pristine.ts'
import { seeded } from './random.ts'
import type { Rig } from './rig.ts'
import { rig } from './rig.ts'

/** How many frames come before everything is looked at. */
const BURST = 50
/** How many bursts a connection lasts. */
const BURSTS = 20

/** How a run went. */
export interface FuzzReport {
  /** How many frames the client was given. */
  readonly frames: number
  /** How many of its errors had which code; those of a peer's making are `(refusal)`. */
  readonly errors: ReadonlyMap<string, number>
  /** How many events reached a handler. */
  readonly events: number
  /** By how much the heap grew from the first tenth of the run to its end, in bytes. */
  readonly grown: number
}

/**
 * Gives a client a great many hostile frames, some of them while it waits for its welcome, and
 * looks after every few whether everything else goes on. Fails with the frames that did the harm.
 */
export async function fuzz(frames: number, seed: number): Promise<FuzzReport> {
  const mutator = new Mutator(seeded(seed), goodFrames)
  const page = await rig('open', false)
  const errors = new Map<string, number>()
  let events = 0
  let given = 0
  let warm: number | undefined

  const burst = async (check: () => Promise<void>): Promise<void> => {
    const made = Array.from({ length: BURST }, () => mutator.next())
    try {
      for (const frame of made) await page.inject(frame)
      await check()
      events += takeEvents(page)
      takeErrors(page, errors)
      page.expectBounded()
    } catch (cause) {
      const shown = made.map((frame) => JSON.stringify(frame)).join('\n')
      throw new Error(`Seed ${seed}, one of these after ${given} frames:\n${shown}`, { cause })
    }
    given += BURST
  }

  while (given < frames) {
    for (let left = BURSTS; left > 0; left--) await burst(page.prove)
    await page.cut()
    await burst(async () => {
      await page.renew()
      await page.prove()
    })
    await page.proveSubscribing()
    if (given >= frames / 10) warm ??= heapBytes()
  }
  return { frames: given, errors, events, grown: heapBytes() - (warm ?? 0) }
}

function takeEvents({ events }: Rig): number {
  const taken = events.splice(0)
  for (const { payload } of taken) expectNoProto(payload)
  return taken.length
}

/** Every error is one of ours, and none of them is that our own code failed. */
function takeErrors({ errors }: Rig, counts: Map<string, number>): void {
  for (const error of errors.splice(0)) {
    if (!isWirefoldError(error)) throw error
    const code = 'retryable' in error.detail ? '(refusal)' : error.code
    if (code === 'handler-failed') throw error
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
}
