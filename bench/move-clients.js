/* The clients of bench/move.js. Argument: how many. */
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'

const count = Number(process.argv[2])
const GROUP = 50

/** Where sockets go, as a load balancer would decide. */
let target = ''
let clients = []

class Balanced extends WebSocket {
  constructor(_, protocols) {
    super(target, protocols, { perMessageDeflate: false })
  }
}

async function connect(url) {
  target = url
  // In small groups: the backlog of a listening socket is short.
  while (clients.length < count) {
    const size = Math.min(GROUP, count - clients.length)
    const group = Array.from(
      { length: size },
      () => new RealtimeClient(url, { WebSocket: Balanced }),
    )
    clients.push(...group)
    await Promise.all(
      group.map((client) => new ChannelSubscriber(client).subscribe('news', () => {}).ready),
    )
  }
  return { connected: true }
}

async function close() {
  for (const client of clients) client.close()
  clients = []
  // Until the sockets are gone, too.
  while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) {
    await new Promise((resolve) => setTimeout(resolve, 20))
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
