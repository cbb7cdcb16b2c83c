import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Namespace, ServerOptions } from 'socket.io'
import { Server as SocketioServer } from 'socket.io'
import type { ManagerOptions, SocketOptions } from 'socket.io-client'
import { io as connectSocketio } from 'socket.io-client'
import { onTestFinished } from 'vitest'
import type { RealtimeServerOptions } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import type { SocketioBridgeOptions } from 'wirefold/server/socketio'
import { bridgeSocketio } from 'wirefold/server/socketio'

/** Options of a bridged server that differ from the defaults. */
export interface BridgedOptions {
  /** Options of `socket.io`. */
  readonly io?: Partial<ServerOptions>
  readonly namespace?: string
  /** Called with the namespace before it is bridged. */
  readonly before?: (namespace: Namespace) => void
  /** Another version of `socket.io`. */
  readonly Server?: typeof SocketioServer
  /** Another version of `socket.io-client`. */
  readonly connect?: typeof connectSocketio
}

/** A realtime server, and `socket.io` bridged to it, on one port until the end of the test. */
export async function bridged(
  options: RealtimeServerOptions = {},
  {
    io: settings,
    namespace = '/',
    before,
    Server = SocketioServer,
    connect = connectSocketio,
    ...rest
  }: SocketioBridgeOptions & BridgedOptions = {},
) {
  const server = createRealtimeServer({ authorize: () => true, onError: () => {}, ...options })
  const httpServer = createServer()
  const io = new Server(httpServer, settings)
  server.attach(httpServer)
  before?.(io.of(namespace))
  const bridge = bridgeSocketio(server, io.of(namespace), rest)
  httpServer.listen(0, '127.0.0.1')
  await once(httpServer, 'listening')
  const { port } = httpServer.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  onTestFinished(async () => {
    await server.close()
    await io.close()
  })
  /** Opens a stock client, until the end of the test. */
  const stock = (given: Partial<ManagerOptions & SocketOptions> = {}, of = namespace) => {
    const options = { forceNew: true, reconnectionDelay: 10, randomizationFactor: 0, ...given }
    const socket = connect(origin + of, options)
    onTestFinished(() => {
      socket.disconnect()
    })
    return socket
  }
  return { server, io, bridge, port, origin, url: `ws://127.0.0.1:${port}/ws`, stock }
}
