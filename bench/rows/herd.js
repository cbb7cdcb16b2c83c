/*
 * Herd: a million clients that find a server back which admits 20,000 a second; the time until 99 %
 * are connected, as a multiple of the shortest possible. The simulation is that of the tests; the
 * waits of the other clients are those of their sources.
 */
import { importBundled } from '../bundled.js'

/** Waits after the nth failure in a row, with the default options of other clients. */
const others = {
  centrifuge: (failed, random) =>
    Math.min(20_000, 500 + Math.min(20_000, 500 * 2 ** failed) * random()),
  'socket.io'(failed, random) {
    const ms = 1_000 * 2 ** Math.min(failed, 10)
    return Math.min(5_000, ms + (random() - 0.5) * ms)
  },
}

export async function measure({ quick }) {
  const { simulateHerd, defaultWaits } = await importBundled(
    `export * from '../test/client/herd-simulation.ts'`,
  )
  const figures = []
  for (const backAt of [0, 30_000]) {
    const scale = quick ? 0.1 : 1
    const crowd = { clients: 1_000_000 * scale, perSecond: 20_000 * scale, backAt }
    const results = { wirefold: simulateHerd(crowd, defaultWaits(crowd)) }
    for (const [name, wait] of Object.entries(others)) {
      results[name] = simulateHerd(crowd, (_, now, failed, random) => now + wait(failed, random))
    }
    figures.push({
      name: `server away for ${backAt / 1_000} s`,
      ...{ unit: '× optimum', must: 1.06 },
      results: Object.fromEntries(
        Object.entries(results).map(([name, { times, peak }]) => [
          name,
          { value: times, beside: `at most ${peak.toFixed(0)} times the rate in 100 ms` },
        ]),
      ),
    })
  }
  return { title: 'A herd of a million clients, time until 99 % are connected', figures }
}
