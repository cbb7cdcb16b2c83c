/*
 * So many WebSocket clients in a process of their own: they subscribe, count what they hear, and tell
 * how much it was so far. Arguments: the url, how many, and `hello` where they have to greet.
 */
import { WebSocket } from 'ws'

const [url, count, greeting] = process.argv.slice(2)
/** Every event has its offset, and nothing else has one. */
const MARK = Buffer.from('"offset":')
const PROGRESS_MS = 5

let heard = 0
let told = 0

const tell = () => {
  if (heard === told) return
  told = heard
  process.send({ heard })
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
      for (let at = data.indexOf(MARK); at >= 0; at = data.indexOf(MARK, at + MARK.length)) heard++
    })
    socket.on('close', () => process.exit())
  })

// In small groups: the backlog of a listening socket is short.
for (let left = Number(count); left > 0; left -= 50) {
  await Promise.all(Array.from({ length: Math.min(left, 50) }, connect))
}
process.send({ connected: true })
setInterval(tell, PROGRESS_MS)
