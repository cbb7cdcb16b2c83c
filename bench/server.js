/*
 * One node broadcasting to 1,000 clients over loopback, beside a broadcast with nothing but `ws`.
 *
 *   npm run build && node bench/server.js [clients]
 *
 * Stops by itself within a minute.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLIENTS = Number(process.argv[2] ?? 1_000)
const RUN_MS = 3_000
const PER_TURN = [1, 10]
const LIMIT_MS = 60_000

const children = []
const say = (text) => process.stdout.write(`${text}\n`)
const stop = () => {
  for (const child of children.splice(0)) child.kill()
}
process.on('exit', stop)
setTimeout(() => {
  say(`Not done within ${LIMIT_MS / 1_000} s: stopped.`)
  process.exit(1)
}, LIMIT_MS).unref()

function start(file, ...args) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args)
  children.push(child)
  return child
}

/** The next message of a child that has a field. */
function hear(child, field) {
  return new Promise((resolve, reject) => {
    const listen = (message) => {
      if (message[field] === undefined) return
      child.off('message', listen)
      resolve(message)
    }
    child.on('message', listen)
    child.once('exit', () => reject(new Error(`${child.spawnfile} ended too early.`)))
  })
}

async function measure(variant) {
  const node = start('./broadcaster.js', variant)
  const { port, rss } = await hear(node, 'port')
  const path = variant === 'raw' ? '/' : '/ws'
  const url = `ws://127.0.0.1:${port}${path}`
  const clients = start('./clients.js', url, CLIENTS, variant === 'raw' ? 'listen' : 'hello')
  await hear(clients, 'connected')
  clients.on('message', ({ heard }) => heard !== undefined && node.send({ heard }))
  const results = new Map()
  let connectedRss
  for (const perTurn of PER_TURN) {
    node.send({ run: { perTurn, ms: 500 } })
    const { ran: warm } = await hear(node, 'ran')
    connectedRss ??= warm.rss
    node.send({ run: { perTurn, ms: RUN_MS } })
    results.set(perTurn, (await hear(node, 'ran')).ran)
  }
  node.removeAllListeners('exit')
  clients.removeAllListeners('exit')
  stop()
  return { results, kib: (connectedRss - rss) / 1024 / CLIENTS }
}

const floor = await measure('raw')
const rows = [['ws alone', floor]]
for (const variant of ['wirefold', 'filtered']) rows.push([variant, await measure(variant)])

say(`${CLIENTS} clients, one channel, Node ${process.version}`)
say('                 a turn   messages/s   CPU µs/message   of the floor')
for (const [name, { results, kib }] of rows) {
  for (const [perTurn, { delivered, seconds, cpuMicros }] of results) {
    const each = cpuMicros / delivered
    const least = floor.results.get(perTurn)
    const ratio = each / (least.cpuMicros / least.delivered)
    const cells = [
      name.padEnd(16),
      String(perTurn).padStart(7),
      Math.round(delivered / seconds).toLocaleString('en').padStart(12),
      each.toFixed(2).padStart(16),
      ratio.toFixed(2).padStart(14),
    ]
    say(cells.join(''))
  }
  say(`${name.padEnd(16)} ${kib.toFixed(1)} KiB of RSS a connection`)
}
