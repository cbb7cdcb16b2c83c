import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { asFields, type Fields, isFields } from '../../../src/protocol/fields.ts'
import { Chat, userOf } from './chat.ts'
import { OperationFailed, resultsOf } from './graphql-results.ts'

/**
 * A small server of the protocol `graphql-transport-ws`, until the end of the test. It closes with the codes of
 * `graphql-ws`, whose client accepts it.
 */
export async function graphqlWsStub(chat = new Chat()) {
  const http = createServer()
  const wss = new WebSocketServer({
    server: http,
    handleProtocols: (offered) => offered.has('graphql-transport-ws') && 'graphql-transport-ws',
  })
  const received: Fields[] = []
  wss.on('connection', (socket) => serve(socket, chat, received))
  const listen = (port: number) =>
    new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = http.address() as AddressInfo
  const stub = {
    chat,
    /** All messages so far, of all connections. */
    received,
    url: `ws://127.0.0.1:${port}/graphql`,
    sockets: wss.clients,
    /** Sends a message on every connection. */
    broadcast(message: unknown): void {
      for (const socket of wss.clients) socket.send(JSON.stringify(message))
    },
    /** Stops as a process that is killed: there is no close frame. */
    async kill(): Promise<void> {
      for (const socket of wss.clients) socket.terminate()
      if (http.listening) await new Promise((resolve) => http.close(resolve))
    },
    restart: () => listen(port),
  }
  onTestFinished(stub.kill)
  return stub
}

function serve(socket: WebSocket, chat: Chat, received: Fields[]): void {
  const running = new Map<string, AbortController>()
  const send = (message: Fields): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
  }
  let initialised = false
  let user: string | undefined
  socket.on('close', () => {
    for (const operation of running.values()) operation.abort()
  })
  socket.on('message', (text) => {
    const message = asFields(JSON.parse(String(text)))
    const { type, payload } = message
    const id = String(message.id)
    received.push(message)
    switch (type) {
      case 'connection_init':
        if (initialised) return socket.close(4429, 'Too many initialisation requests')
        initialised = true
        user = userOf(asFields(payload).token)
        if (user === undefined) return socket.close(4403, 'Forbidden')
        return send({ type: 'connection_ack', payload: { user } })
      case 'ping':
        return send({ type: 'pong', payload })
      case 'pong':
        return
      case 'subscribe': {
        const { query, variables } = asFields(payload)
        const isValid =
          typeof query === 'string' && (variables === undefined || isFields(variables))
        if (!isValid) return socket.close(4400, 'Invalid message')
        if (user === undefined) return socket.close(4401, 'Unauthorized')
        if (running.has(id)) return socket.close(4409, `Subscriber for ${id} already exists`)
        const operation = new AbortController()
        const results = resultsOf(chat, user, { query, variables }, operation.signal)
        running.set(id, operation)
        void (async () => {
          try {
            for await (const result of results) {
              if (running.has(id)) send({ id, type: 'next', payload: result })
            }
            if (running.delete(id)) send({ id, type: 'complete' })
          } catch (error) {
            const errors = error instanceof OperationFailed ? error.errors : [String(error)]
            if (running.delete(id)) send({ id, type: 'error', payload: errors })
          }
        })()
        return
      }
      case 'complete':
        running.get(id)?.abort()
        running.delete(id)
        return
      default:
        socket.close(4400, 'Invalid message')
    }
  })
}
