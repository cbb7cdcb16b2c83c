import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'

/**
 * Starts a bare WebSocket server that speaks JSON, until the end of the test.
 *
 * @param answer gets every message of a client, and a connection as `undefined`; returns the messages to
 * send back
 */
export async function backend(
  answer: (said: Readonly<Record<string, unknown>> | undefined) => readonly object[],
) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  /** The addresses that clients connected to. */
  const paths: (string | undefined)[] = []
  const said: unknown[] = []
  const tell = (message: object): void => {
    for (const socket of server.clients) socket.send(JSON.stringify(message))
  }
  server.on('connection', (socket, { url }) => {
    paths.push(url)
    const reply = (messages: readonly object[]): void => {
      for (const message of messages) socket.send(JSON.stringify(message))
    }
    socket.on('message', (data) => {
      const message = JSON.parse(String(data))
      said.push(message)
      reply(answer(message))
    })
    reply(answer(undefined))
  })
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The backend has no port.')
  return { host: `127.0.0.1:${address.port}`, paths, said, tell }
}
