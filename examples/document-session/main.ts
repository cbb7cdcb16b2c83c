import { setTimeout as after } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { openSession } from '../websocket-client.ts'
import { SESSION, serveSession } from './server.ts'

/* Follows a session in the terminal until it is completed. */

const server = await serveSession()
const session = openSession({
  url: server.url,
  sessionId: SESSION,
  client: { WebSocket },
  async load(signal) {
    const response = await fetch(server.state, { signal })
    if (!response.ok) throw new Error(`The session was not fetched: status ${response.status}.`)
    return response.json()
  },
  answers: server.answers,
  show: (lines) => console.log(lines.join(' | ')),
  report: (error) => console.error(error),
})
console.log('acknowledged:', await session.emit('note', 'hello'))
await server.run(() => after(500))
await after(100)
session.close()
await server.close()
