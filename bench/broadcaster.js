/*
 * A process that broadcasts to all its clients, with wirefold or with `ws` alone. Arguments:
 * `wirefold`, `filtered` or `raw`. For each run it gets the number of messages per turn of the
 * event loop and a duration, and sends the cost.
 */
import { createRealtimeServer } from 'wirefold/server'
import { WebSocketServer } from 'ws'

/** The payload of an event of the native protocol; the event has about 200 bytes. */
const PAYLOAD = { id: 'task-1', title: 'x'.repeat(80), done: false }
/**
 * The limit of deliveries in flight: above it, queues would grow; at 0, the server would be idle at
 * times.
 */
const MOST_UNDER_WAY = 20_000

const [variant] = process.argv.slice(2)
let received = 0
let wake = () => {}

const start = { wirefold, filtered: () => wirefold({ canReceive: () => true }), raw }
const { port, publish, members } = await start[variant]()
process.on('message', async (message) => {
  if (message.received !== undefined) {
    received = message.received
    wake()
  } else if (message.run) process.send({ ran: await run(message.run) })
  else process.exit()
})
process.send({ listening: { port, rss: process.memoryUsage.rss() } })

async function run({ perTurn, ms }) {
  await drained(0)
  const [before, cpu, start] = [received, process.cpuUsage(), performance.now()]
  let sent = before
  while (performance.now() - start < ms) {
    for (let n = 0; n < perTurn; n++) publish()
    sent += perTurn * members()
    await new Promise(setImmediate)
    await drained(MOST_UNDER_WAY, sent)
  }
  await drained(0, sent)
  const { user, system } = process.cpuUsage(cpu)
  const delivered = received - before
  const seconds = (performance.now() - start) / 1_000
  return { delivered, seconds, cpuMicros: user + system, rss: process.memoryUsage.rss() }
}

async function drained(most, sent = received) {
  while (sent - received > most) {
    await new Promise((resolve) => {
      wake = resolve
    })
  }
}

async function wirefold(options) {
  const server = createRealtimeServer({ ...options, onError: console.error })
  const { port } = await server.listen()
  return {
    port,
    publish: () => server.publish('news', 'entity:updated', PAYLOAD),
    members: () => server.stats().subscriptions,
  }
}

async function raw() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await new Promise((resolve) => server.on('listening', resolve))
  let offset = 0
  return {
    port: server.address().port,
    publish() {
      const [type, channel, timestamp] = ['entity:updated', 'news', Date.now()]
      const text = JSON.stringify({ type, channel, offset: ++offset, timestamp, payload: PAYLOAD })
      for (const client of server.clients) client.send(text)
    },
    members: () => server.clients.size,
  }
}
