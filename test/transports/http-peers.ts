import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { CloseInfo } from 'wirefold'
import type { TransportFactory } from 'wirefold/dialects'
import type { MakeTransport, Reception, TransportHarness, TransportPeer } from 'wirefold/testing'

/** The far end of one connection made of HTTP requests. */
export interface HttpPeer {
  readonly peer: TransportPeer & {
    readonly received: string[]
    readonly receivedBytes: Uint8Array[]
  }
  /** Whether it reads and answers. */
  readonly isOpen: () => boolean
  /** Takes a GET of the connection, the first one included. */
  take(request: IncomingMessage, response: ServerResponse): void
}

/** Makes the far end of a connection. */
type MakePeer = () => HttpPeer

/**
 * A server over loopback: a GET with a new id opens a connection, a later one continues it, and POSTs
 * carry its messages.
 */
export function overHttp(
  factory: TransportFactory,
  makePeer: MakePeer,
  ends: NonNullable<TransportHarness['ends']>,
): MakeTransport {
  return async (reception, greet) => {
    const peers: TransportPeer[] = []
    const byId = new Map<string, HttpPeer>()
    const sockets = new Set<Socket>()

    const get = (id: string, request: IncomingMessage, response: ServerResponse): void => {
      const known = byId.get(id)
      if (known) {
        known.take(request, response)
        return
      }
      if (response.destroyed) return
      const made = makePeer()
      byId.set(id, made)
      peers.push(made.peer)
      made.take(request, response)
      greet?.(made.peer)
    }
    const post = async (id: string, request: IncomingMessage, response: ServerResponse) => {
      const body = await buffer(request)
      const known = byId.get(id)
      if (known && !known.isOpen()) return
      const isText = request.headers['content-type'] === 'application/json'
      if (isText) known?.peer.received.push(body.toString())
      else known?.peer.receivedBytes.push(body)
      response.writeHead(known ? 204 : 410).end()
    }
    const server = createServer((request, response) => {
      response.on('error', () => {})
      const id = new URL(request.url ?? '', 'http://x').searchParams.get('connection') ?? ''
      if (request.method === 'POST') void post(id, request, response).catch(() => {})
      else receive[reception](() => get(id, request, response), response)
    })
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
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
      url: `http://127.0.0.1:${port}/stream`,
      peers,
      ends,
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      dispose: stop,
    }
  }
}

/** How a server treats the GETs of a reception. */
const receive: Readonly<Record<Reception, (accept: () => void, response: ServerResponse) => void>> =
  {
    accepts: (accept) => accept(),
    'accepts late': (accept) => setTimeout(accept, 30),
    denies: (_, response) => response.writeHead(401).end('no'),
    'says nothing'() {},
    refuses() {},
  }

/** Peers that send server-sent events. Their data is JSON: a stream has no CR. */
export function overEventStream(factory: TransportFactory, denied: CloseInfo, closed: CloseInfo) {
  return overHttp(factory, eventStreamPeer, { closed, denied })
}

function eventStreamPeer(): HttpPeer {
  const received: string[] = []
  let stream: ServerResponse | undefined
  let closed: CloseInfo | undefined
  let frozen = false
  return {
    isOpen: () => !frozen && !closed,
    take(request, response) {
      stream = response
      request.on('close', () => {
        closed ??= { code: 1006, reason: '' }
      })
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
    },
    peer: {
      protocols: [],
      received,
      receivedBytes: [],
      get closed() {
        return closed
      },
      send(data) {
        if (!frozen) stream?.write(`data: ${JSON.stringify(data)}\n\n`)
      },
      close(code, reason) {
        closed = { code, reason }
        stream?.end()
      },
      cut: () => stream?.socket?.resetAndDestroy(),
      freeze() {
        frozen = true
      },
    },
  }
}
