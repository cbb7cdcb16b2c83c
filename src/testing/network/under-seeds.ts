import { messageOf } from '../../base/errors.ts'

/**
 * Runs a test once for each seed; the error of a failed run begins with its seed, and how to repeat
 * that run alone. Throws a `RangeError` if there is no seed. Take all chance of the test from the seed: also
 * the option `random` of a client, which by default is `Math.random`.
 *
 * @param seeds the number of seeds, from 1 on, or a list of seeds
 * @param run the test; what it passes to `note` is printed if it fails
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { ManualClock, ScriptedServer, storm, underSeeds } from 'wirefold/testing'
 *
 * await underSeeds(100, async (seed, note) => {
 *   const clock = new ManualClock()
 *   const server = new ScriptedServer({ clock, seed, weather: { mostMs: 300 } })
 *   const client = new RealtimeClient('ws://test/', { transport: server.transport, clock })
 *   client.connect()
 *   for (const fault of await storm(server.transport, clock, 60_000)) note(fault)
 *   await clock.advance(60_000)
 *   expect(client.state.get().name).toBe('open')
 * })
 */
export async function underSeeds(
  seeds: number | readonly number[],
  run: (seed: number, note: (line: string) => void) => unknown,
): Promise<void> {
  const all = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, n) => n + 1) : seeds
  if (all.length === 0) {
    throw new RangeError(
      'underSeeds() got no seed, so that no test would run. Pass a number from 1, or a list.',
    )
  }
  for (const seed of all) {
    const notes: string[] = []
    try {
      await run(seed, (line) => notes.push(line))
    } catch (cause) {
      const lines = [
        `The run with seed ${seed} failed. Repeat it alone with underSeeds([${seed}], …).`,
        ...[messageOf(cause), ...notes],
      ]
      throw new Error(lines.join('\n'), { cause })
    }
  }
}
