import type { AddressInfo, Socket } from 'node:net'
import { createServer, connect as dial } from 'node:net'

/** One address for several servers: each new connection goes to the next one, round robin. */
export async function balance() {
  const backends = new Set<number>()
  let turn = 0
  const sockets = new Set<Socket>()
  const front = createServer((near) => {
    const ports = [...backends]
    const far = dial(ports[turn++ % ports.length] ?? 1, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
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
