import { type WebSocket, WebSocketServer } from 'ws'

/** A backend with a protocol of its own, and without this package: rooms, and the call `shout`. */
export async function serveRooms(port = 0) {
  const rooms = new Map<string, Set<WebSocket>>()
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { join, leave, call, id, room, event, body } = JSON.parse(String(data))
      if (join) {
        rooms.set(join, (rooms.get(join) ?? new Set()).add(socket))
        socket.send(JSON.stringify({ ok: id }))
      } else if (leave) rooms.get(leave)?.delete(socket)
      else if (call === 'shout')
        socket.send(JSON.stringify({ ok: id, body: String(body).toUpperCase() }))
      else if (call)
        socket.send(JSON.stringify({ failed: id, error: { code: 'no-call', message: call } }))
      else
        for (const member of rooms.get(room) ?? [])
          member.send(JSON.stringify({ room, event, body }))
    })
    socket.on('close', () => {
      for (const members of rooms.values()) members.delete(socket)
    })
  })
  const { port: used } = server.address() as { port: number }
  return {
    url: `ws://127.0.0.1:${used}`,
    close(): void {
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}
