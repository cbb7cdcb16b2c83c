/*
 * Prints the functions in which a role spends its CPU time, by self time:
 *
 *   node bench/profile.js dispatch library '{"library":"wirefold","channels":1,"frames":200000}'
 *   node bench/profile.js round-trip both '{"library":"wirefold","concurrency":64,"ms":5000}'
 */
import { Session } from 'node:inspector/promises'

const LINES = 30
const [row, role, params] = process.argv.slice(2)
const { roles } = await import(`./rows/${row}.js`)
const { run } = await roles[role](JSON.parse(params))

const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.setSamplingInterval', { interval: 100 })
await session.post('Profiler.start')
await run()
const { profile } = await session.post('Profiler.stop')

const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
const micros = new Map()
profile.samples.forEach((id, n) => {
  const { functionName, url, lineNumber } = nodes.get(id).callFrame
  const place = url ? ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}` : ''
  const name = `${functionName || '(anonymous)'}${place}`
  // The time in which the process waits, and that of the profiler itself.
  if (name === '(idle)' || name === 'dispatch') return
  micros.set(name, (micros.get(name) ?? 0) + profile.timeDeltas[n])
})
const total = [...micros.values()].reduce((sum, each) => sum + each, 0)
const sorted = [...micros].sort(([, one], [, other]) => other - one).slice(0, LINES)
for (const [name, each] of sorted) {
  const share = ((each / total) * 100).toFixed(1).padStart(5)
  process.stdout.write(`${share} % ${(each / 1_000).toFixed(0).padStart(7)} ms  ${name}\n`)
}
process.exit()
