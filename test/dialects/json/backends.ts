import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import { asString, type Fields } from '../../../src/protocol/fields.ts'

/*
 * Servers of the four shapes of the page about JSON backends, over real sockets. They share no code with
 * the dialect.
 */

/** A connection of a client. */
export interface Peer {
  /** Parameters of the address. */
  readonly query: URLSearchParams
  /** The rooms that it has joined. */
  readonly rooms: Set<string>
  send(message: object): void
  close(code: number): void
}

/** Returns the function that handles the messages of a new connection. */
type Opened = (peer: Peer) => (message: Fields) => void

/** Starts a server of JSON until the end of the test. It can be killed and started on the same port. */
async function backend(opened: Opened) {
  const peers = new Set<Peer>()
  const received: Fields[] = []
  const accept = (socket: WebSocket, { url = '' }: { url?: string }): void => {
    const peer: Peer = {
      query: new URL(url, 'ws://test').searchParams,
      rooms: new Set(),
      send: (message) => socket.send(JSON.stringify(message)),
      close: (code) => socket.close(code),
    }
    peers.add(peer)
    socket.on('close', () => peers.delete(peer))
    const handle = opened(peer)
    socket.on('message', (data) => {
      const message: Fields = JSON.parse(String(data))
      received.push(message)
      handle(message)
    })
  }
  const listen = async (port: number): Promise<WebSocketServer> => {
    const made = new WebSocketServer({ port, host: '127.0.0.1' }).on('connection', accept)
    await once(made, 'listening')
    return made
  }
  let server = await listen(0)
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The backend has no port.')
  const { port } = address
  /** Stops as a process that is killed: every connection ends without a close frame. */
  const kill = async (): Promise<void> => {
    for (const socket of server.clients) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(kill)
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    peers,
    received,
    /** Sends a message to all connections in a room. */
    toRoom(room: string, message: object): void {
      for (const peer of peers) if (peer.rooms.has(room)) peer.send(message)
    },
    kill,
    async restart(): Promise<void> {
      server = await listen(port)
    },
  }
}

/** The work that all four do. */
function carryOut(type: unknown, data: unknown): unknown {
  if (type === 'double' && typeof data === 'number') return 2 * data
  throw new Error('unknown')
}

/** A backend as of FastAPI: with replies, positions, and a history that survives its process. */
export async function fastapiBackend() {
  const epoch = randomUUID()
  const histories = new Map<string, Fields[]>()
  const historyOf = (channel: string): Fields[] => {
    const history = histories.get(channel) ?? []
    histories.set(channel, history)
    return history
  }
  const publish = (channel: string, event: unknown, data: unknown, key?: unknown): void => {
    const history = historyOf(channel)
    const message = { type: 'event', channel, event, data, key, seq: history.length + 1 }
    history.push(message)
    made.toRoom(channel, message)
  }
  const made = await backend((peer) => {
    const user = peer.query.get('token')
    if (user === 'wrong') peer.close(4403)
    else peer.send({ type: 'welcome', user })
    return ({ type, id, channel: named, after, data, key, method, event }) => {
      const channel = asString(named) ?? ''
      switch (type) {
        case 'ping':
          return peer.send({ type: 'pong' })
        case 'subscribe': {
          if (channel === 'room:secret') {
            return peer.send({ type: 'error', channel, code: 'FORBIDDEN', detail: 'Not yours.' })
          }
          const history = historyOf(channel)
          peer.send({ type: 'subscribed', channel, seq: history.length, epoch })
          if (typeof after === 'number') history.slice(after).forEach(peer.send)
          return void peer.rooms.add(channel)
        }
        case 'unsubscribe':
          return void peer.rooms.delete(channel)
        case 'publish':
          publish(channel, event, data, key)
          return peer.send({ type: 'result', id })
        default:
          try {
            peer.send({ type: 'result', id, data: carryOut(method, data) })
          } catch {
            peer.send({ type: 'error', id, code: 'UNKNOWN_METHOD', detail: `No method ${method}.` })
          }
      }
    }
  })
  return { ...made, publish }
}

/** A consumer of Django Channels: it answers no subscribe, but refuses some. */
export const djangoBackend = () =>
  backend((peer) => ({ type, room, ref, data }) => {
    const name = asString(room) ?? ''
    if (type === 'room.join') {
      if (name === 'secret')
        peer.send({ type: 'error', room, code: 'forbidden', reason: 'Not yours.' })
      else peer.rooms.add(name)
    } else if (type === 'room.leave') peer.rooms.delete(name)
    else {
      try {
        peer.send({ type: 'reply', ref, data: carryOut(type, data) })
      } catch {
        peer.send({ type: 'error', ref, code: 'unknown_type', reason: `No type ${type}.` })
      }
    }
  })

/** A server on `ws`: a hello first, ids that have to be numbers, and pings that have to be answered. */
export const plainBackend = () =>
  backend((peer) => {
    let user: unknown
    return ({ op, n, room, token, event, data }) => {
      const name = asString(room) ?? ''
      if (op === 'hello') {
        if (token === 'wrong') return peer.close(4403)
        user = token
        peer.send({ hello: { user: 7 } })
        return peer.send({ op: 'ping', t: 1 })
      }
      if (user === undefined) return peer.close(4403)
      if (op === 'pong') return
      if (op === 'say') {
        for (const other of [peer]) if (other.rooms.has(name)) other.send({ room, event, data })
        return
      }
      if (!Number.isSafeInteger(n)) return peer.send({ error: 'n has to be a number' })
      if (op === 'join' && name === 'secret') return peer.send({ re: n, error: 'Not yours.' })
      if (op === 'join') peer.rooms.add(name)
      else if (op === 'leave') peer.rooms.delete(name)
      try {
        peer.send({ re: n, data: /join|leave/.test(String(op)) ? null : carryOut(op, data) })
      } catch {
        peer.send({ re: n, error: `No ${op}.` })
      }
    }
  })

/** An API of AWS API Gateway: a route that fails is answered by the gateway, without the client's id. */
export const gatewayBackend = () =>
  backend((peer) => ({ action, topic, id, kind, body }) => {
    const name = asString(topic) ?? ''
    switch (action) {
      case 'ping':
        return peer.send({ action: 'pong' })
      case 'subscribe':
        return void peer.rooms.add(name)
      case 'unsubscribe':
        return void peer.rooms.delete(name)
      case 'publish':
        return peer.rooms.has(name) ? peer.send({ topic, kind, body }) : undefined
      default:
        try {
          peer.send({ replyTo: id, body: carryOut(action, body) })
        } catch {
          const message = 'Internal server error'
          peer.send({ message, connectionId: 'L0SM9cOFvHcCIhw=', requestId: 'L0SM9d00vHcFXWA=' })
        }
    }
  })
