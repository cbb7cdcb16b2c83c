import { onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { ClientOptions } from '../../src/index.ts'
import { RealtimeClient } from '../../src/index.ts'
import type { RealtimeServerOptions } from '../../src/server/index.ts'
import { createRealtimeServer } from '../../src/server/index.ts'

/** A server on a port of its own, until the end of the test. */
export async function serve(options: RealtimeServerOptions = {}, port = 0) {
  const server = createRealtimeServer({ authorize: () => true, onError: () => {}, ...options })
  const listening = await server.listen(port)
  onTestFinished(() => server.close())
  return { server, ...listening }
}

/** A client over `ws` that waits only briefly, until the end of the test. */
export function connect(url: string, options: ClientOptions = {}) {
  const client = new RealtimeClient(url, {
    WebSocket,
    backoff: { minMs: 5, initialMs: 40, maxMs: 200 },
    ...options,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  onTestFinished(() => client.close())
  return { client, errors }
}

/** Waits until something is as expected; how long that may take is up to the machine, and to the test's timeout. */
export const until = (check: () => unknown) => vi.waitFor(check, { timeout: 50_000, interval: 5 })
