/*
 * Measures the cost of a client's move from a drained server to another, compared to a plain
 * connect and close, in CPU time of the servers' process and the clients' process.
 *
 *   npm run build && node bench/move.js [clients]
 */
import { print, receive, start, stop, stopAfter } from './fleet.js'

const CLIENTS = Number(process.argv[2] ?? 1_000)
/** The first rounds are not counted, since code is not compiled yet. */
const [WARM_UP, ROUNDS] = [2, 5]
/** Clients connect and move within this time, in milliseconds. */
const WINDOW_MS = 2_000
const STEPS = ['connect', 'move', 'close']

stopAfter(300_000)
const servers = start('./move-servers.js', [WINDOW_MS])
const clients = start('./move-clients.js', [CLIENTS, WINDOW_MS])
const sides = { servers, clients }

async function cpuMicros(child) {
  child.send({ cpu: true })
  return receive(child, 'cpuMicros')
}

/** Runs a step, and adds its cost for each side to the totals. */
async function measure(totals, run) {
  const before = { servers: await cpuMicros(servers), clients: await cpuMicros(clients) }
  await run()
  for (const side of Object.keys(sides)) {
    totals[side] += (await cpuMicros(sides[side])) - before[side]
  }
}

const totals = Object.fromEntries(STEPS.map((step) => [step, { servers: 0, clients: 0 }]))
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  const counted = round < WARM_UP ? { servers: 0, clients: 0 } : undefined
  const [old, fresh] = await request(servers, { start: true }, 'urls')
  await measure(counted ?? totals.connect, () => request(clients, { connect: old }, 'connected'))
  await request(clients, { target: fresh }, 'targeted')
  await measure(counted ?? totals.move, () => request(servers, { drain: true }, 'drained'))
  await measure(counted ?? totals.close, () => request(clients, { close: true }, 'closed'))
}
stop()

function request(child, message, field) {
  child.send(message)
  return receive(child, field)
}

const perClient = (...steps) =>
  Object.keys(sides).map(
    (side) => steps.reduce((sum, step) => sum + totals[step][side], 0) / 1_000 / ROUNDS / CLIENTS,
  )
const ratio = (...steps) => perClient('move').map((move, side) => move / perClient(...steps)[side])
const line = (name, figures) =>
  print(name.padEnd(23) + figures.map((figure) => figure.toFixed(3).padStart(9)).join(''))

print(`${CLIENTS} clients with one channel each, ${ROUNDS} rounds, Node ${process.version}`)
print('CPU ms a client          servers  clients')
for (const step of STEPS) line(step, perClient(step))
line('move : connect', ratio('connect'))
line('move : connect + close', ratio('connect', 'close'))
