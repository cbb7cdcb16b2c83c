/*
 * One client stops reading for a minute under 5,000 messages a second; what does the server hold, and
 * who else notices?
 *
 *   npm run build && node bench/slow-consumer.js [seconds] [messages a second]
 */
import { hear, say, start, stop, stopAfter } from './fleet.js'

const SECONDS = Number(process.argv[2] ?? 60)
const PER_SECOND = Number(process.argv[3] ?? 5_000)
const READERS = 5
const QUIET_MS = 10_000
const SAMPLE_MS = 2_000

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const mib = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const ask = (child) => {
  child.send({ ask: true })
  return hear(child, 'answer')
}

stopAfter(SECONDS * 1_000 + 60_000)
const server = start('./publisher.js', [PER_SECOND], ['--expose-gc'])
const url = await hear(server, 'url')
const others = start('./readers.js', [url, READERS])
const slow = start('./readers.js', [url, 1])
await Promise.all([hear(others, 'ready'), hear(slow, 'ready')])

async function sample(ms) {
  const samples = []
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await wait(SAMPLE_MS)
    samples.push(await ask(server))
  }
  return samples
}
const most = (samples, name) => Math.max(...samples.map((one) => one[name]))

await wait(QUIET_MS)
await ask(others)
const before = await sample(QUIET_MS)
const usual = await ask(others)
// A process that stands still reads nothing, and does not know it.
slow.kill('SIGSTOP')
const during = await sample(SECONDS * 1_000)
const meanwhile = await ask(others)
slow.kill('SIGCONT')
await wait(QUIET_MS)
const resumed = await ask(slow)
const rest = await ask(others)
const { stats, numbers } = await ask(server)
stop()

say(`${PER_SECOND} messages/s, ${READERS} readers, one that does not read for ${SECONDS} s`)
say(
  `held for it: ${mib(most(during, 'held') - most(before, 'held'))} (RSS ${mib(most(during, 'rss') - most(before, 'rss'))})`,
)
for (const [name, { p50, p99 }] of [
  ['before', usual],
  ['meanwhile', meanwhile],
]) {
  say(`delay of the others ${name}: median ${p50.toFixed(1)} ms, 99 % within ${p99.toFixed(1)} ms`)
}
say(`the server: ${stats.withheldEvents} events withheld, ${stats.closedSlowConsumers} closed`)
for (const [who, { channels, reconnects }] of [
  ['slow', resumed],
  ['others', rest],
]) {
  for (const [name, { heard, missing, unordered, gaps }] of Object.entries(channels)) {
    const lost = gaps ? `${missing} missing, told as ${gaps} gap(s)` : `${missing} missing`
    say(
      `${who}, ${name}: ${heard} heard of ${numbers[name]} published, ${lost}, ${unordered} out of order, ${reconnects} reconnects`,
    )
  }
}
