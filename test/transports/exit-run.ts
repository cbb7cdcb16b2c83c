import { WebSocket } from 'ws'
import type { TransportFactory } from '../../src/entries/dialects.ts'
import { RealtimeClient, webSocketTransport } from '../../src/entries/index.ts'
import { reconnectingWebSocket } from '../../src/entries/reconnecting-websocket.ts'
import { RealtimeServer } from '../../src/entries/server.ts'

/*
 * A program that closes clients in every state, and prints for how long it stayed alive afterwards,
 * in milliseconds.
 */

async function closeInEveryState(transport: TransportFactory): Promise<void> {
  const server = new RealtimeServer({ onError: () => {} })
  const { url } = await server.listen()
  // Long enough that a leftover wait is not mistaken for a slow machine.
  const client = new RealtimeClient(url, { transport, backoff: { minMs: 60_000 } })
  const becomes = (name: string) =>
    new Promise<void>((resolve) => {
      const stop = client.state.listen((state) => {
        if (state.name !== name) return
        stop()
        resolve()
      })
    })
  const open = becomes('open')
  client.connect()
  await open
  client.close()
  // Closed while it dials.
  client.connect()
  client.close()
  // Closed while it waits for the next attempt.
  const again = becomes('open')
  client.connect()
  await again
  const lost = becomes('waiting')
  await server.close()
  await lost
  client.close()
}

await closeInEveryState(webSocketTransport(WebSocket))
await closeInEveryState(reconnectingWebSocket({ WebSocket }))
const closedAt = performance.now()
process.on('exit', () => console.log(Math.round(performance.now() - closedAt)))
