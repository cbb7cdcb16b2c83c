/*
 * What it costs a client to move from a server that is drained to another, beside a plain connect and
 * close, in CPU time of the process of the servers and that of the clients.
 *
 *   npm run build && node bench/move.js [clients]
 */
import { hear, say, start, stop, stopAfter } from './fleet.js'

const CLIENTS = Number(process.argv[2] ?? 1_000)
/** The first rounds are not counted: code is not compiled yet. */
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
  return hear(child, 'cpuMicros')
}

/** Has a step done, and adds what it cost each side to its total. */
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
  const [old, fresh] = await ask(servers, { start: true }, 'urls')
  await measure(counted ?? totals.connect, () => ask(clients, { connect: old }, 'connected'))
  await ask(clients, { target: fresh }, 'targeted')
  await measure(counted ?? totals.move, () => ask(servers, { drain: true }, 'drained'))
  await measure(counted ?? totals.close, () => ask(clients, { close: true }, 'closed'))
}
stop()

function ask(child, message, answer) {
  child.send(message)
  return hear(child, answer)
}

const perClient = (...steps) =>
  Object.keys(sides).map(
    (side) => steps.reduce((sum, step) => sum + totals[step][side], 0) / 1_000 / ROUNDS / CLIENTS,
  )
const ratio = (...steps) => perClient('move').map((move, side) => move / perClient(...steps)[side])
const line = (name, figures) =>
  say(name.padEnd(23) + figures.map((figure) => figure.toFixed(3).padStart(9)).join(''))

say(`${CLIENTS} clients with one channel each, ${ROUNDS} rounds, Node ${process.version}`)
say('CPU ms a client          servers  clients')
for (const step of STEPS) line(step, perClient(step))
line('move : connect', ratio('connect'))
line('move : connect + close', ratio('connect', 'close'))
