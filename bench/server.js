/*
 * One node that broadcasts to 1,000 clients over loopback, compared to a broadcast with `ws` alone.
 *
 *   npm run build && node bench/server.js [clients]
 *
 * Exits within a minute.
 */
import { print, receive, start, stop, stopAfter } from './fleet.js'

const CLIENTS = Number(process.argv[2] ?? 1_000)
const RUN_MS = 3_000
const PER_TURN = [1, 10]

stopAfter(60_000)

async function measure(variant) {
  const node = start('./broadcaster.js', [variant])
  const { port, rss } = await receive(node, 'listening')
  const path = variant === 'raw' ? '/' : '/ws'
  const url = `ws://127.0.0.1:${port}${path}`
  const clients = start('./clients.js', [url, CLIENTS, variant === 'raw' ? 'listen' : 'hello'])
  await receive(clients, 'connected')
  clients.on('message', ({ received }) => received !== undefined && node.send({ received }))
  const results = new Map()
  let connectedRss
  for (const perTurn of PER_TURN) {
    node.send({ run: { perTurn, ms: 500 } })
    const warm = await receive(node, 'ran')
    connectedRss ??= warm.rss
    node.send({ run: { perTurn, ms: RUN_MS } })
    results.set(perTurn, await receive(node, 'ran'))
  }
  stop()
  return { results, kib: (connectedRss - rss) / 1024 / CLIENTS }
}

const floor = await measure('raw')
const rows = [['ws alone', floor]]
for (const variant of ['wirefold', 'filtered']) rows.push([variant, await measure(variant)])

print(`${CLIENTS} clients, one channel, Node ${process.version}`)
print('                 a turn   messages/s   CPU µs/message   of the floor')
for (const [name, { results, kib }] of rows) {
  for (const [perTurn, { delivered, seconds, cpuMicros }] of results) {
    const each = cpuMicros / delivered
    const least = floor.results.get(perTurn)
    const ratio = each / (least.cpuMicros / least.delivered)
    const cells = [
      name.padEnd(16),
      String(perTurn).padStart(7),
      Math.round(delivered / seconds)
        .toLocaleString('en')
        .padStart(12),
      each.toFixed(2).padStart(16),
      ratio.toFixed(2).padStart(14),
    ]
    print(cells.join(''))
  }
  print(`${name.padEnd(16)} ${kib.toFixed(1)} KiB of RSS a connection`)
}
