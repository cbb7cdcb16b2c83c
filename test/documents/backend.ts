import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'

/**
 * Starts a plain WebSocket server that speaks JSON, until the end of the test.
 *
 * @param respond gets every message of a client, and `undefined` for a connection; returns the
 * messages to send back
 */
export async function backend(
  respond: (message: Readonly<Record<string, unknown>> | undefined) => readonly object[],
) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  /** The addresses that clients connected to. */
  const paths: (string | undefined)[] = []
  const received: unknown[] = []
  const broadcast = (message: object): void => {
    for (const socket of server.clients) socket.send(JSON.stringify(message))
  }
  server.on('connection', (socket, { url }) => {
    paths.push(url)
    const reply = (messages: readonly object[]): void => {
      for (const message of messages) socket.send(JSON.stringify(message))
    }
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      received.push(message)
      reply(respond(message))
    })
    reply(respond(undefined))
  })
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The backend has no port.')
  return { host: `127.0.0.1:${address.port}`, paths, received, broadcast }
}
