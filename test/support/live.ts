import { expect, onTestFinished, vi } from 'vitest'
import type { ClientOptions } from 'wirefold'
import { RealtimeClient } from 'wirefold'
import type { RealtimeServerOptions } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import { WebSocket } from 'ws'
import { balance } from './balancer.ts'

/** Longer than any step takes on a busy machine, and shorter than a test's timeout. */
const PATIENCE_MS = 50_000

/** A server on its own port, until the end of the test. */
export async function serve(options: RealtimeServerOptions = {}, port = 0) {
  const server = createRealtimeServer({ authorize: () => true, onError: () => {}, ...options })
  const listening = await server.listen(port)
  onTestFinished(() => server.close())
  return { server, ...listening }
}

/** A load balancer, until the end of the test. */
export async function balanced() {
  const front = await balance()
  onTestFinished(front.close)
  return front
}

/** A client over `ws` with short backoff waits, until the end of the test. */
export function connect(url: string, options: ClientOptions = {}) {
  const client = new RealtimeClient(url, {
    WebSocket,
    backoff: { minMs: 5, initialMs: 40, maxMs: 200 },
    connectTimeoutMs: PATIENCE_MS,
    requestTimeoutMs: PATIENCE_MS,
    ...options,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  onTestFinished(() => client.close())
  return { client, errors }
}

/** A socket without a client that is subscribed to a channel, and the frames that it receives. */
export async function rawSubscriber(url: string, channel: string) {
  const frames: string[] = []
  const socket = new WebSocket(url)
  socket.on('message', (data) => frames.push(String(data)))
  const subscribe = { type: 'subscribe', requestId: 's', payload: { channels: [channel] } }
  socket.on('open', () => {
    socket.send(JSON.stringify([{ type: 'hello', payload: { protocol: 1 } }, subscribe]))
  })
  await until(() => expect(frames.join()).toContain('subscribed'))
  return { socket, frames }
}

/** Waits until the assertion passes; the test's own timeout is the real limit. */
export const until = (check: () => unknown) =>
  vi.waitFor(check, { timeout: PATIENCE_MS, interval: 5 })
