import { EventEmitter } from 'node:events'
import { expect, onTestFinished } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'
import type {
  EventMiddleware,
  SocketioBridgeOptions,
  SocketioSocket,
} from 'wirefold/server/socketio'
import { bridgeSocketio } from 'wirefold/server/socketio'

type Middleware = (socket: SocketioSocket, next: (error?: Error) => void) => void

/** A socket of Socket.IO without a network, which records what is done with it. */
class FakeSocket implements SocketioSocket {
  readonly calls: unknown[][] = []
  readonly handshake = { headers: {}, url: '/socket.io/', address: '127.0.0.1', auth: {} }
  readonly nsp = { name: '/' }
  /** The connection; the test emits its events. */
  readonly conn = Object.assign(new EventEmitter(), {
    readyState: 'open',
    close: () => this.calls.push(['close']),
  })
  on(): void {}
  /** The listener for all events, which the test calls as the client. */
  any: (name: string, ...args: unknown[]) => void = () => {}
  use(middleware: EventMiddleware): void {
    this.any = (...event) => middleware(event, () => {})
  }
  listenerCount(): number {
    return 0
  }
  emit(name: string, ...args: readonly unknown[]): void {
    this.calls.push(['emit', name, ...args])
  }
  disconnect(): void {
    this.calls.push(['disconnect'])
  }
}

/** A server bridged to a namespace without a network. */
export function pretended(options: SocketioBridgeOptions = {}) {
  const server = createRealtimeServer({ authorize: () => true })
  onTestFinished(() => server.close())
  let middleware: Middleware = () => {}
  const use = (given: Middleware) => {
    middleware = given
  }
  const namespace = Object.assign(new EventEmitter(), { use })
  const bridge = bridgeSocketio(server, namespace, options)
  /** Runs the middleware for a socket; resolves with it once that is accepted. */
  const accepted = async () => {
    const socket = new FakeSocket()
    const error = await new Promise((resolve) => middleware(socket, resolve))
    expect(error).toBeUndefined()
    return socket
  }
  return { server, namespace, bridge, accepted }
}
