import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from 'ws'
import type { TransportFactory } from '../../src/entries/dialects.ts'
import type { CloseInfo } from '../../src/entries/index.ts'
import type { MakeTransport, TransportPeer } from '../../src/entries/testing.ts'

/** Peers on a real server over loopback, for a transport with real sockets. */
export function overLoopback(factory: TransportFactory): MakeTransport {
  return async (reception, greet) => {
    const peers: TransportPeer[] = []
    const sockets = new Set<Socket>()
    const acceptor = new WebSocketServer({ noServer: true })
    const accept = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
      acceptor.handleUpgrade(request, socket, head, (far) => {
        const received: string[] = []
        const receivedBytes: Uint8Array[] = []
        let closed: CloseInfo | undefined
        const offered = request.headers['sec-websocket-protocol']
        const peer: TransportPeer = {
          protocols: offered?.split(/, ?/) ?? [],
          received,
          receivedBytes,
          get closed() {
            return closed
          },
          send: (data) => far.send(data),
          close: (code, reason) => far.close(code, reason),
          cut: () => socket.resetAndDestroy(),
          freeze: () => far.pause(),
        }
        far.on('message', (data, isBinary) => {
          if (isBinary && Buffer.isBuffer(data)) receivedBytes.push(data)
          else received.push(String(data))
        })
        far.on('error', () => {})
        far.on('close', (code, reason) => {
          closed = { code, reason: String(reason) }
        })
        greet?.(peer)
        peers.push(peer)
      })
    }
    const server = createServer()
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    })
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
      if (reception === 'denies') socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      if (reception === 'accepts') accept(request, socket, head)
      if (reception === 'accepts late') setTimeout(() => accept(request, socket, head), 30)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const stop = () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      })
    if (reception === 'refuses') await stop()
    return {
      factory,
      url: `ws://127.0.0.1:${port}`,
      peers,
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      dispose: stop,
    }
  }
}
