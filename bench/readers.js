/*
 * Clients of a slow-consumer run in their own process. Arguments: the url, and their number. They
 * report the received events on request.
 */
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'

const [url, count] = process.argv.slice(2)
const channels = { busy: tally(), calm: tally() }
let delays = []

function tally() {
  return { received: 0, missing: 0, unordered: 0, gaps: 0 }
}

function follow(subscriber, name) {
  const tally = channels[name]
  let last = 0
  const subscription = subscriber.subscribe(name, ({ n, at }) => {
    if (last && n <= last) tally.unordered++
    if (last && n > last + 1) tally.missing += n - last - 1
    last = n
    tally.received++
    delays.push(performance.timeOrigin + performance.now() - at)
  })
  subscription.status.listen(({ name }) => {
    if (name === 'gap') tally.gaps++
  })
  return subscription.ready
}

const clients = Array.from({ length: Number(count) }, () => new RealtimeClient(url, { WebSocket }))
await Promise.all(
  clients.map((client) => {
    const subscriber = new ChannelSubscriber(client)
    return Promise.all(Object.keys(channels).map((name) => follow(subscriber, name)))
  }),
)

process.on('message', () => {
  delays.sort((one, other) => one - other)
  const at = (share) => delays[Math.floor(delays.length * share)] ?? 0
  const reconnects = clients.reduce((sum, client) => sum + client.stats().reconnects, 0)
  process.send({ answer: { channels, reconnects, p50: at(0.5), p99: at(0.99) } })
  delays = []
})
process.send({ ready: true })
