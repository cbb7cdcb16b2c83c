/*
 * One client stops reading for a minute at 5,000 messages per second: measures the memory of the
 * server, and the delay of the other clients.
 *
 *   npm run build && node bench/slow-consumer.js [seconds] [messages a second]
 */
import { print, receive, start, stop, stopAfter } from './fleet.js'

const SECONDS = Number(process.argv[2] ?? 60)
const PER_SECOND = Number(process.argv[3] ?? 5_000)
const READERS = 5
const QUIET_MS = 10_000
const SAMPLE_MS = 2_000

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const mib = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const request = (child) => {
  child.send({ request: true })
  return receive(child, 'answer')
}

stopAfter(SECONDS * 1_000 + 60_000)
const server = start('./publisher.js', [PER_SECOND], ['--expose-gc'])
const url = await receive(server, 'url')
const others = start('./readers.js', [url, READERS])
const slow = start('./readers.js', [url, 1])
await Promise.all([receive(others, 'ready'), receive(slow, 'ready')])

async function sample(ms) {
  const samples = []
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await wait(SAMPLE_MS)
    samples.push(await request(server))
  }
  return samples
}
const most = (samples, name) => Math.max(...samples.map((one) => one[name]))

await wait(QUIET_MS)
await request(others)
const before = await sample(QUIET_MS)
const usual = await request(others)
// A stopped process reads nothing, and is not notified.
slow.kill('SIGSTOP')
const during = await sample(SECONDS * 1_000)
const meanwhile = await request(others)
slow.kill('SIGCONT')
await wait(QUIET_MS)
const resumed = await request(slow)
const rest = await request(others)
const { stats, numbers } = await request(server)
stop()

print(`${PER_SECOND} messages/s, ${READERS} readers, one that does not read for ${SECONDS} s`)
print(
  `held for it: ${mib(most(during, 'held') - most(before, 'held'))} (RSS ${mib(most(during, 'rss') - most(before, 'rss'))})`,
)
for (const [name, { p50, p99 }] of [
  ['before', usual],
  ['meanwhile', meanwhile],
]) {
  print(
    `delay of the others ${name}: median ${p50.toFixed(1)} ms, 99 % within ${p99.toFixed(1)} ms`,
  )
}
print(`the server: ${stats.withheldEvents} events withheld, ${stats.closedSlowConsumers} closed`)
for (const [clientName, { channels, reconnects }] of [
  ['slow', resumed],
  ['others', rest],
]) {
  for (const [name, { received, missing, unordered, gaps }] of Object.entries(channels)) {
    const lost = gaps ? `${missing} missing, reported as ${gaps} gap(s)` : `${missing} missing`
    print(
      `${clientName}, ${name}: ${received} received of ${numbers[name]} published, ${lost}, ${unordered} out of order, ${reconnects} reconnects`,
    )
  }
}
