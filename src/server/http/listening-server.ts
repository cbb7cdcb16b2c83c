import type { Server } from 'node:http'
import { createServer } from 'node:http'

/** The address of a server that listens by itself. */
export interface ListeningServer {
  /** The port, also where the system chose it. */
  readonly port: number
  /** URL of the native protocol, for clients. */
  readonly url: string
}

/**
 * Creates an HTTP server that serves WebSockets alone.
 *
 * @param helloTimeoutMs also limits slow HTTP requests (slowloris)
 */
export function upgradeServer(helloTimeoutMs: number): Server {
  const times = {
    headersTimeout: helloTimeoutMs,
    requestTimeout: helloTimeoutMs,
    connectionsCheckingInterval: Math.ceil(helloTimeoutMs / 4),
  }
  return createServer(times, (_request, response) => {
    response.writeHead(426, { 'Content-Type': 'text/plain' }).end('Only WebSockets are served.')
  })
}

/** Makes an HTTP server listen; rejects if the port is taken. */
export async function listenAt(
  server: Server,
  { port, host, path }: { readonly port: number; readonly host: string; readonly path: string },
): Promise<ListeningServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  const name = host.includes(':') ? `[${host}]` : host
  return { port: bound, url: `ws://${name}:${bound}${path}` }
}

/** Stops an HTTP server, with its keep-alive connections, which would delay the end. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
