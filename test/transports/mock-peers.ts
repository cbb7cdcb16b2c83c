import { Server } from 'mock-socket'
import type { CloseInfo } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import type { MakeTransport, TransportPeer } from 'wirefold/testing'

let served = 0

/** Peers on mock-socket's server, for a transport with mock-socket's sockets. */
export function overMockSocket(factory: TransportFactory): MakeTransport {
  return (reception, greet) => {
    if (reception === 'says nothing') throw new Error('mock-socket always replies.')
    const url = `ws://mock.localhost/${served++}`
    const peers: TransportPeer[] = []
    const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
    if (reception === 'refuses') return { factory, url, peers, pass }
    const server = new Server(url, {
      mock: false,
      verifyClient: () => reception !== 'denies',
    })
    server.on('connection', (socket) => {
      const received: string[] = []
      const receivedBytes: Uint8Array[] = []
      let closed: CloseInfo | undefined
      const peer: TransportPeer = {
        protocols: [socket.protocol],
        received,
        receivedBytes,
        get closed() {
          return closed
        },
        send: (data) => socket.send(data),
        close: (code, reason) => socket.close({ code, reason, wasClean: true }),
        cut() {
          throw new Error('mock-socket cannot break a connection.')
        },
        freeze: () => server.stop(),
      }
      socket.on('message', (data) => {
        if (data instanceof ArrayBuffer) receivedBytes.push(new Uint8Array(data))
        else received.push(String(data))
      })
      socket.target.addEventListener('close', (event) => {
        const { code, reason } = event as CloseEvent
        closed = { code, reason }
      })
      peers.push(peer)
      greet?.(peer)
    })
    return { factory, url, peers, pass, dispose: () => server.stop() }
  }
}
