import { createServer } from 'node:http'
import type { AddressInfo, Socket as TcpSocket } from 'node:net'
import { Server } from 'socket.io'
import { io } from 'socket.io-client'
import type { TransportFactory } from 'wirefold/dialects'
import { socketioClient } from 'wirefold/socketio-client'
import type { MakeTransport, TransportPeer } from 'wirefold/testing'

/**
 * Peers on a stock Socket.IO server, for the transport over instances of socket.io-client. A message
 * of the suite is an event `text`.
 */
export const overSocketIo: MakeTransport = async (reception, greet) => {
  const peers: TransportPeer[] = []
  const sockets = new Set<TcpSocket>()
  const http = createServer()
  http.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  const server = new Server({
    allowRequest: (_, done) => done(null, reception !== 'denies'),
    maxHttpBufferSize: 2 ** 22,
  })
  server.use((_, next) => {
    if (reception === 'accepts late') setTimeout(next, 30)
    else next()
  })
  server.on('connection', (socket) => {
    const received: string[] = []
    const receivedBytes: Uint8Array[] = []
    let closed: TransportPeer['closed']
    const peer: TransportPeer = {
      protocols: [],
      received,
      receivedBytes,
      get closed() {
        return closed
      },
      send: (data) => socket.emit('text', typeof data === 'string' ? data : Buffer.from(data)),
      close: () => socket.disconnect(true),
      cut: () => socket.request.socket.resetAndDestroy(),
      freeze: () => socket.request.socket.pause(),
    }
    socket.on('text', (text: string | Uint8Array) => {
      if (typeof text === 'string') received.push(text)
      else receivedBytes.push(text)
    })
    socket.on('disconnect', (reason) => {
      closed = { code: 1000, reason }
    })
    greet?.(peer)
    peers.push(peer)
  })
  // Without it, requests are accepted and never answered.
  if (reception !== 'says nothing') server.attach(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => http.close(() => resolve()))
    if (reception !== 'says nothing') await server.close()
  }
  if (reception === 'refuses') await stop()
  return {
    factory: reused(() =>
      socketioClient(io(url, { autoConnect: false, forceNew: true, transports: ['websocket'] })),
    ),
    url,
    peers,
    ends: {
      closed: { code: 1008, reason: 'io server disconnect' },
      denied: { code: 1006, reason: '' },
    },
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    dispose: stop,
  }
}

/** Opens connections with a free instance, since each carries one connection, or creates one. */
function reused(make: () => TransportFactory): TransportFactory {
  const free: TransportFactory[] = []
  return {
    name: 'instances',
    open(url, protocols, handlers) {
      const instance = free.pop() ?? make()
      let busy = true
      const release = (): void => {
        if (busy) free.push(instance)
        busy = false
      }
      const transport = instance.open(url, protocols, {
        opened: () => handlers.opened(),
        message(data) {
          if (typeof data !== 'string') return handlers.message(data)
          const [head, text]: readonly unknown[] = JSON.parse(data)
          // The packet of a binary message is followed by it.
          if (head === 'text') handlers.message(text)
        },
        closed(info) {
          release()
          handlers.closed(info)
        },
      })
      return {
        bufferedAmount: transport.bufferedAmount,
        send(data) {
          if (typeof data === 'string') return transport.send(JSON.stringify(['text', data]))
          transport.send('[[2,1,"",""],"text",{"_placeholder":true,"num":0}]')
          transport.send(data)
        },
        close(code, reason) {
          transport.close(code, reason)
          release()
        },
      }
    },
  }
}
