import { isWirefoldError } from 'wirefold'
import { seeded } from 'wirefold/testing'
import { goodFrames } from './good-frames.ts'
import { heapBytes } from './heap.ts'
import { Mutator } from './mutator.ts'
import { expectNoProto } from './pristine.ts'
import type { Rig } from './rig.ts'
import { rig } from './rig.ts'

/** Number of frames between two checks. */
const BURST = 50
/** Number of bursts per connection. */
const BURSTS = 20

/** Result of a run. */
export interface FuzzReport {
  /** Number of frames that the client received. */
  readonly frames: number
  /** Number of errors by code; error replies of the peer count as `(refusal)`. */
  readonly errors: ReadonlyMap<string, number>
  /** Number of events that reached a handler. */
  readonly events: number
  /** Growth of the heap from the first tenth of the run to its end, in bytes. */
  readonly grown: number
}

/**
 * Sends malformed frames to a client, some of them before its welcome, and checks after every burst
 * that the client still works. Throws an error with the frames of the burst that failed.
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
    await page.disconnect()
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

/** Counts the errors, all of which must be WirefoldErrors and none `handler-failed`. */
function takeErrors({ errors }: Rig, counts: Map<string, number>): void {
  for (const error of errors.splice(0)) {
    if (!isWirefoldError(error)) throw error
    const code = 'retryable' in error.detail ? '(refusal)' : error.code
    if (code === 'handler-failed') throw error
    counts.set(code, (counts.get(code) ?? 0) + 1)
  }
}
