/*
 * WebSocket clients in their own process: they subscribe, count the events they receive, and report
 * the count. Arguments: the url, the number of clients, and `hello` if they send a hello.
 */
import { WebSocket } from 'ws'

const [url, count, greeting] = process.argv.slice(2)
/** Occurs once in every event, and in no other message. */
const MARK = Buffer.from('"offset":')
const PROGRESS_MS = 5

let received = 0
let reported = 0

const report = () => {
  if (received === reported) return
  reported = received
  process.send({ received })
}

const connect = () =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    socket.on('error', reject)
    socket.on('open', () => {
      if (greeting !== 'hello') return resolve()
      const subscribe = { type: 'subscribe', requestId: 's', payload: { channels: ['news'] } }
      socket.send(JSON.stringify([{ type: 'hello', payload: { protocol: 1 } }, subscribe]))
    })
    socket.on('message', (data) => {
      if (data.includes('"subscribed"')) return resolve()
      for (let at = data.indexOf(MARK); at >= 0; at = data.indexOf(MARK, at + MARK.length))
        received++
    })
    socket.on('close', () => process.exit())
  })

// In small groups, because the backlog of a listening socket is short.
for (let left = Number(count); left > 0; left -= 50) {
  await Promise.all(Array.from({ length: Math.min(left, 50) }, connect))
}
process.send({ connected: true })
setInterval(report, PROGRESS_MS)
