import { checkNames } from '../../base/known-names.ts'
import type { ServedSocket } from '../network/far-end.ts'
import type { ScriptedServerOptions } from './scripted-server.ts'
import { ScriptedServer } from './scripted-server.ts'

/**
 * Serves the clients of a server of the package `mock-socket` by a {@link ScriptedServer}: it greets
 * them, and answers their subscribes and requests. Works with real timers and with fake ones, for
 * which mock-socket needs 4 ms per step.
 *
 * @param Server the class of that name from `mock-socket`
 *
 * @example
 * import { Server } from 'mock-socket'
 * import { RealtimeClient } from 'wirefold'
 * import { serveMockSocket } from 'wirefold/testing'
 *
 * const server = serveMockSocket(Server, 'ws://localhost/ws', { answer: () => 'done' })
 * const client = new RealtimeClient('ws://localhost/ws')
 * await client.request('order:cancel', { id: '17' })
 * server.publish('news', 'said', { text: 'hello' })
 * server.stop()
 */
export function serveMockSocket(
  Server: MockServerClass,
  url: string,
  options: MockSocketOptions = {},
): MockSocketServer {
  checkNames('serveMockSocket', options, {
    ...{ dialect: true, refuse: true, answer: true, clock: true, mock: true },
  })
  const { mock = true, ...script } = options
  const scripted = new ScriptedServer(script)
  const hadWebSocket = 'WebSocket' in globalThis
  const server = new Server(url, { mock })
  const sockets = new Set<ServedSocket>()
  server.on('connection', (client) => {
    const socket = served(client)
    sockets.add(socket)
    client.on('close', () => sockets.delete(socket))
    scripted.accept(socket)
  })
  const stop = (): void => {
    // mock-socket's own `stop` leaves its sockets open.
    for (const socket of sockets) socket.close(GOING_AWAY)
    server.stop()
    // It gives a platform without `WebSocket` one that is undefined.
    if (!hadWebSocket && !globalThis.WebSocket) Reflect.deleteProperty(globalThis, 'WebSocket')
  }
  return Object.assign(scripted, { stop })
}

/** Close code of a server that stops, RFC 6455 §7.4.1. */
const GOING_AWAY = 1001

function served(client: MockClient): ServedSocket {
  const socket: ServedSocket = {
    url: client.url,
    onMessage: undefined,
    onClose: undefined,
    send: (data) => client.send(String(data)),
    close: (code = 1000, reason = '') => client.close({ code, reason, wasClean: code !== 1006 }),
  }
  client.on('message', (data) => socket.onMessage?.(String(data)))
  client.on('close', ({ code, reason }) => socket.onClose?.({ code, reason }))
  return socket
}

/** A scripted server whose clients connect through mock-socket. */
export interface MockSocketServer extends ScriptedServer {
  /** Closes all connections with 1001, and gives the platform its own `WebSocket` back. */
  stop(): void
}

/** Options of {@link serveMockSocket}. */
export interface MockSocketOptions
  extends Pick<ScriptedServerOptions, 'dialect' | 'refuse' | 'answer' | 'clock'> {
  /**
   * Whether mock-socket takes the place of the platform's `WebSocket`. With `false` pass its class to
   * the client: `{ WebSocket }`.
   * @default true
   */
  readonly mock?: boolean | undefined
}

/** The part of mock-socket's `Server` that {@link serveMockSocket} uses. */
export type MockServerClass = new (
  url: string,
  options: { readonly mock: boolean },
) => {
  on(type: 'connection', run: (client: MockClient) => void): void
  stop(): void
}

/** The part of mock-socket's `Client` that {@link serveMockSocket} uses. */
export interface MockClient {
  /** Address that the client opened. */
  readonly url: string
  /** Adds a listener for the messages of the client. */
  on(type: 'message', run: (data: unknown) => void): void
  /** Adds a listener for the end of the connection. */
  on(type: 'close', run: (event: { readonly code: number; readonly reason: string }) => void): void
  /** Sends a message to the client. */
  send(data: string): void
  /** Ends the connection. */
  close(options: {
    readonly code: number
    readonly reason: string
    readonly wasClean: boolean
  }): void
}
