/*
 * The two servers of bench/move.js, which share a broker: one is drained, and clients move to the
 * other. Argument: the time within which clients move.
 */
import { createRealtimeServer, MemoryBroker } from 'wirefold/server'

const windowMs = Number(process.argv[2])

let servers = []
let broker

async function start() {
  for (const server of servers) await server.close()
  await broker?.close()
  broker = new MemoryBroker()
  servers = [createRealtimeServer({ broker }), createRealtimeServer({ broker })]
  const urls = []
  for (const server of servers) urls.push((await server.listen()).url)
  return { urls }
}

async function drain() {
  const [old] = servers
  await old.drain({ windowMs, deadlineMs: 60_000 })
  return { drained: true }
}

function cpu() {
  const { user, system } = process.cpuUsage()
  return { cpuMicros: user + system }
}

process.on('message', async (message) => {
  const [command] = Object.keys(message)
  process.send(await { start, drain, cpu }[command]())
})
