import { Server } from 'mock-socket'

/** Serves the native protocol with mock-socket alone; returns what publishes, and what stops it. */
export function servedByHand(url: string) {
  const server = new Server(url)
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const parsed = JSON.parse(String(data))
      for (const { type, requestId } of Array.isArray(parsed) ? parsed : [parsed]) {
        const answer = (message: object) => socket.send(JSON.stringify(message))
        if (type === 'hello') answer({ type: 'welcome', payload: {} })
        else if (type === 'subscribe') answer({ type: 'subscribed', requestId, payload: {} })
        else if (type === 'ping') answer({ type: 'pong', payload: {} })
        else answer({ type: 'reply', requestId })
      }
    })
  })
  return {
    publish(channel: string, type: string, payload: unknown) {
      for (const socket of server.clients()) socket.send(JSON.stringify({ type, channel, payload }))
    },
    stop: () => server.stop(),
  }
}
