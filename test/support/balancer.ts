import type { AddressInfo, Socket } from 'node:net'
import { createServer, connect as dial } from 'node:net'

/** One address for several servers: each new connection goes to the next one that accepts it. */
export async function balance() {
  const backends = new Set<number>()
  let turn = 0
  const sockets = new Set<Socket>()
  const track = (socket: Socket, closed: () => void) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      closed()
    })
  }
  const front = createServer((near) => {
    const ports = [...backends]
    const first = turn++
    const reach = (attempt: number) => {
      const far = dial(ports[(first + attempt) % ports.length] ?? 1, '127.0.0.1')
      let accepted = false
      far.once('connect', () => {
        accepted = true
        near.pipe(far)
        far.pipe(near)
      })
      track(far, () => {
        if (accepted || near.destroyed || attempt + 1 >= ports.length) near.destroy()
        else reach(attempt + 1)
      })
      near.once('close', () => far.destroy())
    }
    track(near, () => {})
    reach(0)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo
  /** Destroys every open connection. */
  const dropAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const close = () => {
    dropAll()
    front.close()
  }
  return { url: `ws://127.0.0.1:${port}/ws`, backends, dropAll, close }
}
