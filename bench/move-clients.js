/* The clients of bench/move.js. Arguments: their number, and the time within which they connect. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'

const [count, windowMs] = process.argv.slice(2).map(Number)

/** The address of new sockets, as chosen by a load balancer. */
let target = ''
let clients = []

class Balanced extends WebSocket {
  constructor(_, protocols) {
    super(target, protocols, { perMessageDeflate: false })
  }
}

async function connect(url) {
  target = url
  clients = Array.from({ length: count }, () => new RealtimeClient(url, { WebSocket: Balanced }))
  // Spread like the moves, since connects in the same turn of the event loop share its cost.
  await Promise.all(
    clients.map(async (client) => {
      await sleep(Math.random() * windowMs)
      await new ChannelSubscriber(client).subscribe('news', () => {}).ready
    }),
  )
  return { connected: true }
}

async function close() {
  for (const client of clients) client.close()
  clients = []
  // Waits until the sockets are closed, too.
  while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) {
    await sleep(20)
  }
  return { closed: true }
}

function cpu() {
  const { user, system } = process.cpuUsage()
  return { cpuMicros: user + system }
}

function setTarget(url) {
  target = url
  return { targeted: true }
}

process.on('message', async (message) => {
  const [[command, argument]] = Object.entries(message)
  process.send(await { connect, target: setTarget, close, cpu }[command](argument))
})
