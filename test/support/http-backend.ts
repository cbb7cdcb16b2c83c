import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/** A request that a backend has received. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Answers a request. */
export type Answer = (request: Received, response: ServerResponse) => void

/** A server over HTTP, until the end of the test. */
export async function httpBackend(answer: Answer) {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  const read = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    const whole = { method, url, headers, body: await text(request) }
    received.push(whole)
    backend.answer(whole, response)
  }
  const server = createServer((request, response) => {
    read(request, response).catch(() => response.destroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const backend = {
    answer,
    received,
    url: `http://127.0.0.1:${port}/stream`,
    /** Stops as a process that is killed: every connection is reset. */
    async kill(): Promise<void> {
      for (const socket of sockets) socket.resetAndDestroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
    restart: () => listen(port),
  }
  onTestFinished(backend.kill)
  return backend
}

/** Begins the response of an event stream. */
export function stream(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  response.flushHeaders()
  return response
}

/** The message of a call. */
export function callOf({ body }: Received): { call: string; id: string; body: unknown } {
  return JSON.parse(body)
}
